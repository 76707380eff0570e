import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { retryDelaySeconds } from '../../../../infra/local/stepfunctions/backoff.ts';
import { matchesError } from '../../../../infra/local/stepfunctions/errors.ts';

const retriers = fc.record(
  {
    ErrorEquals: fc.constant<string[]>(['States.ALL']),
    IntervalSeconds: fc.integer({ min: 1, max: 1000 }),
    BackoffRate: fc.double({ min: 1, max: 10, noNaN: true }),
    MaxDelaySeconds: fc.integer({ min: 1001, max: 31_622_400 }),
  },
  { requiredKeys: ['ErrorEquals'] },
);
const counts = fc.nat({ max: 100 });
const fractions = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('retry delays', () => {
  test('begin at the interval, never shrink, and stay below the maximum', () => {
    fc.assert(
      fc.property(retriers, counts, fractions, (retrier, retry, random) => {
        const delay = retryDelaySeconds(retrier, retry, random);
        expect(retryDelaySeconds(retrier, 0, random)).toBe(retrier.IntervalSeconds ?? 1);
        expect(retryDelaySeconds(retrier, retry + 1, random)).toBeGreaterThanOrEqual(delay);
        expect(delay).toBeLessThanOrEqual(retrier.MaxDelaySeconds ?? Number.MAX_SAFE_INTEGER);
      }),
    );
  });

  test('full jitter takes any part of the delay, and no more', () => {
    fc.assert(
      fc.property(retriers, counts, fractions, (retrier, retry, random) => {
        const full = retryDelaySeconds(retrier, retry, random);
        const jittered = retryDelaySeconds({ ...retrier, JitterStrategy: 'FULL' }, retry, random);
        expect(jittered).toBe(full * random);
      }),
    );
  });

  test('are 1, 2 and 4 seconds by default', () => {
    expect([0, 1, 2].map((retry) => retryDelaySeconds({ ErrorEquals: ['States.ALL'] }, retry, 0.5))).toEqual([1, 2, 4]);
  });
});

test.each([
  ['Boom', 'Boom', true],
  ['Boom', 'Other', false],
  ['States.ALL', 'Boom', true],
  ['States.ALL', 'States.Timeout', true],
  ['States.ALL', 'States.Runtime', false],
  ['States.Runtime', 'States.Runtime', false],
  ['States.ALL', 'States.DataLimitExceeded', false],
  ['States.DataLimitExceeded', 'States.DataLimitExceeded', true],
  ['States.TaskFailed', 'Boom', true],
  ['States.TaskFailed', 'States.Timeout', false],
  ['States.TaskFailed', 'States.HeartbeatTimeout', false],
  ['States.Timeout', 'States.HeartbeatTimeout', true],
  ['States.HeartbeatTimeout', 'States.HeartbeatTimeout', true],
  ['States.HeartbeatTimeout', 'States.Timeout', false],
])('%s for %s: %s', (name, error, expected) => {
  expect(matchesError([name], error)).toBe(expected);
});
