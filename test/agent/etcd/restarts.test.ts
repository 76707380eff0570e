import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crashLoopExits, type EtcdExit, nextStart, stableRunMs } from '#etcd/restarts.ts';

/** Exits after runs of these lengths, in milliseconds, one after the other. */
function runs(...lengths: number[]): EtcdExit[] {
  let at = 1_000_000;
  return lengths.map((length) => {
    const startedAtMs = at;
    at += length;
    return { startedAtMs, exitedAtMs: at };
  });
}
const short = fc.nat({ max: stableRunMs - 1 });

describe('the next start', () => {
  test('comes at once, then after doubling pauses up to 30 s', () => {
    const delays = [0, 1, 2, 3, 4, 5, 9, 10, 50].map(
      (count) => nextStart(runs(...Array<number>(count).fill(10))).delayMs,
    );
    expect(delays).toEqual([0, 0, 250, 500, 1000, 2000, 30_000, 30_000, 30_000]);
  });

  test('never comes earlier after one more short run', () => {
    fc.assert(
      fc.property(fc.array(short, { maxLength: 40 }), short, (lengths, last) => {
        const before = nextStart(runs(...lengths));
        const after = nextStart(runs(...lengths, last));
        expect(after.delayMs).toBeGreaterThanOrEqual(before.delayMs);
        expect(after.delayMs).toBeLessThanOrEqual(30_000);
        expect(after.crashLooping || !before.crashLooping).toBe(true);
      }),
    );
  });

  test('is at once again after a long run, whatever was before', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 * stableRunMs })), (lengths) => {
        expect(nextStart(runs(...lengths, stableRunMs))).toEqual({ delayMs: 0, crashLooping: false });
      }),
    );
  });

  test(`is called a crash loop from ${crashLoopExits} short runs on`, () => {
    const looping = (count: number) => nextStart(runs(...Array<number>(count).fill(10))).crashLooping;
    expect(looping(crashLoopExits - 1)).toBe(false);
    expect(looping(crashLoopExits)).toBe(true);
  });
});
