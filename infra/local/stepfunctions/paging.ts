/** Pages of a list: `nextToken` says where the next one begins. */
import { AwsError } from '../wire/service.ts';

export interface PageRequest {
  readonly maxResults?: number;
  readonly nextToken?: string;
}

/** Where a page begins and how long it is. 0 results, or none said, means `usual`. Throws AwsError InvalidToken. */
export function pageOf({ maxResults, nextToken }: PageRequest, usual: number): { offset: number; limit: number } {
  const limit = maxResults || usual;
  if (nextToken === undefined) return { offset: 0, limit };
  const offset = Number(Buffer.from(nextToken, 'base64').toString());
  if (Number.isInteger(offset) && offset > 0) return { offset, limit };
  throw new AwsError('InvalidToken', `Invalid Token: '${nextToken}'`);
}

/** The rows of a page out of one more than it holds, and the token for what follows. */
export function page<T>(rows: readonly T[], offset: number, limit: number): { rows: T[]; nextToken?: string } {
  const token = Buffer.from(String(offset + limit)).toString('base64');
  return { rows: rows.slice(0, limit), ...(rows.length > limit ? { nextToken: token } : {}) };
}
