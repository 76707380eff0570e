/** What disturbs calls: rules, which call a rule is for, and what it makes of it. Pure. */
import { AwsError, type Caller } from './service.ts';

interface Condition {
  /** As in the credential scope: `ec2`, `autoscaling`, `dynamodb`, ... */
  readonly service: string;
  /** That the call is signed for. Absent: all. */
  readonly region?: string;
  /** API name, or a pattern of it. S3's operations are `METHOD /bucket/key`. Absent: all. */
  readonly operation?: string | RegExp;
  /** Of the caller's ARN; an instance's ends with its id. Absent: all. */
  readonly caller?: RegExp;
  /** How often at most; absent: until it is removed. */
  readonly times?: number;
  /** 0 to 1; absent: 1. */
  readonly probability?: number;
  /** The same seed disturbs the same calls of the same sequence. Absent: 1. */
  readonly seed?: number;
}

export type Disturbance = Condition &
  (
    | { readonly kind: 'throttle' }
    | { readonly kind: 'error'; readonly code?: string; readonly statusCode?: number; readonly message?: string }
    /** `after`: the call has its effect and only the answer is lost. */
    | { readonly kind: 'drop'; readonly when?: 'before' | 'after' }
    /** Has its effect late, also where the caller has given up meanwhile. */
    | { readonly kind: 'delay'; readonly delayMs: number }
    /** Half of the instances are missing, and no token tells of it. */
    | { readonly kind: 'partialPage' }
    /** Pages of this many, with tokens, as AWS may answer at any time. */
    | { readonly kind: 'shortPages'; readonly pageSize: number }
    /** What the same call was answered this long ago, or the oldest answer of the last minute. Absent: 5,000. */
    | { readonly kind: 'stale'; readonly ageMs?: number }
  );

export type Kind = Disturbance['kind'];

export interface Call {
  readonly service: string;
  readonly operation: string;
  readonly caller: Caller;
  readonly region: string;
}

/** Kinds that change an answer, which must be one of instances. */
export const answerKinds: readonly Kind[] = ['partialPage', 'shortPages', 'stale'];
export const answeringServices: readonly string[] = ['ec2', 'autoscaling'];

export function isFor(rule: Disturbance, { service, operation, caller, region }: Call): boolean {
  if ((rule.region ?? region) !== region) return false;
  if (rule.service !== service || rule.caller?.test(caller.arn) === false) return false;
  if (answerKinds.includes(rule.kind) && !operation.startsWith('Describe')) return false;
  if (rule.operation === undefined) return true;
  return typeof rule.operation === 'string' ? rule.operation === operation : rule.operation.test(operation);
}

/** Whether the rule disturbs the nth call that it is for, counted from 0. */
export function decides({ probability = 1, seed = 1 }: Disturbance, nth: number): boolean {
  return chance(seed, nth) < probability;
}

/** The nth number of a seed's sequence, 0 to 1. */
export function chance(seed: number, nth: number): number {
  // The finalizer of MurmurHash3 over seed and position.
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(nth + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

type ErrorParts = readonly [code: string, statusCode: number, message: string];

/** How each service says that it is called too often (its API reference's common errors). */
const throttling: Readonly<Record<string, ErrorParts>> = {
  ec2: ['RequestLimitExceeded', 503, 'Request limit exceeded.'],
  dynamodb: [
    'ProvisionedThroughputExceededException',
    400,
    'The level of configured provisioned throughput for the table was exceeded.',
  ],
  s3: ['SlowDown', 503, 'Please reduce your request rate.'],
  kms: ['ThrottlingException', 400, 'Rate exceeded'],
  lambda: ['TooManyRequestsException', 429, 'Rate Exceeded.'],
  ssm: ['ThrottlingException', 400, 'Rate exceeded'],
  states: ['ThrottlingException', 400, 'Rate exceeded'],
  logs: ['ThrottlingException', 400, 'Rate exceeded'],
};
const queryThrottling: ErrorParts = ['Throttling', 400, 'Rate exceeded'];

const internal: Readonly<Record<string, ErrorParts>> = {
  ec2: ['InternalError', 500, 'An internal error has occurred.'],
  s3: ['InternalError', 500, 'We encountered an internal error. Please try again.'],
  dynamodb: ['InternalServerError', 500, 'The request processing has failed because of an unknown error.'],
  ssm: ['InternalServerError', 500, 'An error occurred on the server side.'],
  kms: ['KMSInternalException', 500, 'The request was rejected because an internal exception occurred.'],
  lambda: ['ServiceException', 500, 'The service encountered an internal error.'],
};
const queryInternal: ErrorParts = [
  'InternalFailure',
  500,
  'The request processing has failed because of an unknown error.',
];

export function throttled(service: string): AwsError {
  return errorOf(throttling[service] ?? queryThrottling);
}

export function failed({ service, ...given }: Disturbance & { readonly kind: 'error' }): AwsError {
  const [code, statusCode, message] = internal[service] ?? queryInternal;
  return new AwsError(given.code ?? code, given.message ?? message, given.statusCode ?? statusCode);
}

function errorOf([code, statusCode, message]: ErrorParts): AwsError {
  return new AwsError(code, message, statusCode);
}

type Output = Readonly<Record<string, unknown>>;

/** The lists of instances in the answers of EC2 and Auto Scaling. */
const instanceLists = ['Reservations', 'AutoScalingInstances', 'Instances'] as const;

/** Half of each list of instances, rounded down, which half by seed; no token. */
export function halved(output: Output, seed: number): Output {
  const { NextToken: _, ...kept } = output;
  return Object.fromEntries(
    Object.entries(kept).map(([name, value]) => {
      if (!Array.isArray(value)) return [name, value];
      if (name === 'AutoScalingGroups') return [name, value.map((group: Output) => halved(group, seed))];
      return [name, instanceLists.some((list) => list === name) ? half(value, seed) : value];
    }),
  );
}

function half<T>(items: readonly T[], seed: number): readonly T[] {
  const drawn = items.map((_, index) => index).sort((a, b) => chance(seed, a) - chance(seed, b));
  const kept = new Set(drawn.slice(0, Math.floor(items.length / 2)));
  return items.filter((_, index) => kept.has(index));
}

const pagedLists = ['Reservations', 'AutoScalingInstances', 'AutoScalingGroups'] as const;
const shortToken = /^short-(\d+)$/;

/** The input of the whole list, and where in it the page begins. */
export function wholeInput(input: Output): { readonly input: Output; readonly from: number } {
  const from = shortToken.exec(String(input.NextToken ?? ''))?.[1];
  const { NextToken, MaxResults: _results, MaxRecords: _records, ...rest } = input;
  if (from !== undefined) return { input: rest, from: Number(from) };
  return { input: NextToken === undefined ? rest : { ...rest, NextToken }, from: 0 };
}

export function shortPage(output: Output, from: number, pageSize: number): Output {
  const list = pagedLists.find((name) => Array.isArray(output[name]));
  if (list === undefined) return output;
  const items = output[list] as readonly unknown[];
  const next = from + pageSize;
  return { ...output, [list]: items.slice(from, next), NextToken: next < items.length ? `short-${next}` : undefined };
}
