/** What all Describe operations of EC2 do with ids, filters and pages. Pure. */
import { pageOf } from '../wire/paging.ts';
import { AwsError } from '../wire/service.ts';
import { type Attributes, type Filter, matches } from './filters.ts';

export interface DescribeInput {
  readonly Filters?: readonly Filter[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

export interface Described<T> {
  readonly all: readonly T[];
  /** Those that the request names; undefined: all. */
  readonly ids: readonly string[] | undefined;
  readonly idOf: (item: T) => string;
  /** @throws AwsError where there is none of this id */
  readonly find: (id: string) => T;
  readonly attributes: (item: T) => Attributes;
}

/** EC2's own bounds. */
const fewestResults = 5;
const mostResults = 1_000;

/** @throws AwsError for ids that are not there, unknown filters, and pages that cannot be */
export function describing<T>(
  { Filters = [], MaxResults, NextToken }: DescribeInput,
  { all, ids, idOf, find, attributes }: Described<T>,
): { readonly items: readonly T[]; readonly nextToken: { readonly NextToken?: string } } {
  checkSize(MaxResults);
  const chosen = ids === undefined ? all : ids.map(find);
  const matching = chosen.filter((item) => matches(attributes(item), Filters));
  const page = pageOf(matching, idOf, MaxResults ?? mostResults, NextToken);
  if (page === null) throw new AwsError('InvalidParameterValue', 'Unable to parse pagination token');
  return { items: page.items, nextToken: page.nextToken === undefined ? {} : { NextToken: page.nextToken } };
}

function checkSize(MaxResults: number | undefined): void {
  if (MaxResults === undefined) return;
  if (Number.isInteger(MaxResults) && MaxResults >= fewestResults && MaxResults <= mostResults) return;
  throw new AwsError(
    'InvalidParameterValue',
    `Value ( ${MaxResults} ) for parameter maxResults is invalid. Allowed: ${fewestResults} to ${mostResults}.`,
  );
}
