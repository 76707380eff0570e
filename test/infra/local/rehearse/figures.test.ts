import { describe, expect, test } from '@jest/globals';
import { bucketsOf, figuresOf } from '../../../../infra/local/rehearse/figures.ts';
import type { LoadRecord } from '../../../../infra/local/rehearse/load.ts';

const attempt = (offeredAtMs: number, endedAtMs: number, acknowledged = true) => ({
  offeredAtMs,
  endedAtMs,
  acknowledged,
});
const record = (lastedMs: number, attempts: LoadRecord['attempts']): LoadRecord => ({
  beganAtMs: 0,
  lastedMs,
  attempts,
});

describe('a stretch of a load', () => {
  const some = record(1_000, [
    attempt(0, 10),
    attempt(100, 110),
    attempt(400, 650),
    attempt(200, 700, false),
    attempt(900, 910),
  ]);

  test('has the writes that were offered in it', () => {
    expect(figuresOf(some, { fromMs: 100, untilMs: 500 })).toMatchObject({ offered: 3, failed: 1 });
  });

  test('has every gap that reaches into it', () => {
    expect(figuresOf(some, { fromMs: 0, untilMs: 100 }).longestGapMs).toBe(100);
    expect(figuresOf(some, { fromMs: 0, untilMs: 200 }).longestGapMs).toBe(540);
    expect(figuresOf(some, { fromMs: 700, untilMs: 1_000 }).longestGapMs).toBe(260);
  });

  test('has the gap that is open in the end, and that before the first acknowledgement', () => {
    const silent = record(500, [attempt(0, 5_000, false)]);
    expect(figuresOf(silent, { fromMs: 0, untilMs: 500 })).toEqual({ offered: 1, failed: 1, longestGapMs: 500 });
  });
});

describe('the buckets of a chart', () => {
  test('have what was acknowledged in them, and what failed of what was offered in them', () => {
    const some = record(300, [attempt(0, 20), attempt(10, 150), attempt(20, 250, false), attempt(260, 290)]);
    expect(bucketsOf(some)).toEqual([
      { fromMs: 0, acknowledged: 1, failed: 1 },
      { fromMs: 100, acknowledged: 1, failed: 0 },
      { fromMs: 200, acknowledged: 1, failed: 0 },
    ]);
  });

  test('of a long load keep its worst moment', () => {
    const seconds = 600;
    const attempts = Array.from({ length: seconds * 10 }, (_, index) => attempt(index * 100 + 1, index * 100 + 2));
    const buckets = bucketsOf(
      record(
        seconds * 1_000,
        attempts.filter((_, index) => index !== 3_000),
      ),
    );
    expect(buckets.length).toBeLessThanOrEqual(2_400);
    expect(buckets.filter(({ acknowledged }) => acknowledged === 0)).toHaveLength(1);
  });
});
