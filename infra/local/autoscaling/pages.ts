/** Pages of what the API lists. */
import { pageOf } from '../wire/paging.ts';
import { AwsError } from '../wire/service.ts';

export interface PageInput {
  readonly MaxRecords?: number;
  readonly NextToken?: string;
}

/** @throws AwsError where the page asked for is too large, or the token none of ours */
export function paged<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  { MaxRecords, NextToken }: PageInput,
  { usual, most }: { readonly usual: number; readonly most: number },
): { items: readonly T[]; NextToken: string | undefined } {
  const limit = MaxRecords ?? usual;
  if (!Number.isInteger(limit) || limit < 1 || limit > most)
    throw new AwsError('ValidationError', `MaxRecords is '${limit}'; allowed: 1 to ${most}`);
  const page = pageOf(items, idOf, limit, NextToken);
  if (page === null) throw new AwsError('InvalidNextToken', 'The NextToken value is not valid.');
  return { items: page.items, NextToken: page.nextToken };
}
