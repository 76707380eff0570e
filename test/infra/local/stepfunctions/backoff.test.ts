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
  ['Boom', { error: 'Boom' }, true],
  ['Boom', { error: 'Other' }, false],
  ['States.ALL', { error: 'Boom' }, true],
  ['States.ALL', { error: 'States.Timeout' }, true],
  ['States.ALL', { error: 'States.Runtime' }, false],
  ['States.Runtime', { error: 'States.Runtime' }, false],
  ['States.ALL', { error: 'States.DataLimitExceeded' }, false],
  ['States.DataLimitExceeded', { error: 'States.DataLimitExceeded' }, true],
  ['States.TaskFailed', { error: 'Boom' }, true],
  ['States.TaskFailed', { error: 'States.Timeout' }, false],
  ['States.HeartbeatTimeout', { error: 'States.Timeout' }, false],
  ['States.HeartbeatTimeout', { error: 'States.Timeout', alias: 'States.HeartbeatTimeout' }, true],
  ['States.Timeout', { error: 'States.Timeout', alias: 'States.HeartbeatTimeout' }, true],
])('%s for %j: %s', (name, error, expected) => {
  expect(matchesError([name], error)).toBe(expected);
});
