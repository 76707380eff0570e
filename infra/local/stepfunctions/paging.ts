/** Pages of a list: `nextToken` says where the next one begins. */
import { AwsError } from '../wire/service.ts';

export interface PageRequest {
  readonly maxResults?: number;
  readonly nextToken?: string;
}

const mostResults = 1_000;

/** How long a page is. 0 results, or none said, means `usual`. Throws AwsError ValidationException. */
export function limitOf(maxResults: number | undefined, usual: number): number {
  if (maxResults !== undefined && !(maxResults >= 0 && maxResults <= mostResults))
    throw new AwsError('ValidationException', `maxResults is ${maxResults}; allowed: 0 to ${mostResults}`);
  return maxResults || usual;
}

/** Where a page begins and how long it is. Throws AwsError InvalidToken, ValidationException. */
export function pageOf({ maxResults, nextToken }: PageRequest, usual: number): { offset: number; limit: number } {
  const limit = limitOf(maxResults, usual);
  if (nextToken === undefined) return { offset: 0, limit };
  const offset = Number(Buffer.from(nextToken, 'base64').toString());
  if (Number.isInteger(offset) && offset > 0) return { offset, limit };
  throw invalid(nextToken);
}

/** The rows of a page out of one more than it holds, and the token for what follows. */
export function page<T>(rows: readonly T[], offset: number, limit: number): { rows: T[]; nextToken?: string } {
  const token = Buffer.from(String(offset + limit)).toString('base64');
  return { rows: rows.slice(0, limit), ...(rows.length > limit ? { nextToken: token } : {}) };
}

/** The token for the history's page after this event; it holds for one order. */
export function eventToken(eventId: number, reverse: boolean): string {
  return Buffer.from(`${reverse ? 'before' : 'after'} ${eventId}`).toString('base64');
}

/** The event that a page of the history comes after; undefined for the first page. Throws AwsError InvalidToken. */
export function eventOf(nextToken: string | undefined, reverse: boolean): number | undefined {
  if (nextToken === undefined) return undefined;
  const [direction, eventId] = Buffer.from(nextToken, 'base64').toString().split(' ');
  if (direction === (reverse ? 'before' : 'after') && Number(eventId) > 0) return Number(eventId);
  throw invalid(nextToken);
}

function invalid(token: string): AwsError {
  return new AwsError('InvalidToken', `Invalid Token: '${token}'`);
}
