import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Observation } from '../../../agent/duties/observe.ts';
import { shareObservations } from '../../../agent/duties/shareObservations.ts';

const seenOf = (pid: number | null) => ({ pid }) as Observation;

describe('an observation', () => {
  test('is shared by all who ask at once', async () => {
    let looks = 0;
    const shared = shareObservations(
      async () => seenOf(++looks),
      () => 1,
    );
    expect(await Promise.all([shared.fresh(), shared.fresh(), shared.within(10)])).toEqual([1, 1, 1].map(seenOf));
    expect(looks).toBe(1);
  });

  test('of a process that has ended is never told of the one that runs now', async () => {
    let pid: number | null = 1;
    const shared = shareObservations(
      async () => {
        const before = pid;
        if (before === 2) await sleep(50);
        return seenOf(before);
      },
      () => pid,
    );
    expect(await shared.within(1_000)).toEqual(seenOf(1));
    pid = null;
    expect(await shared.within(0)).toEqual(seenOf(null));
    pid = 2;
    expect(await shared.within(0)).toEqual(seenOf(2));
  });

  test('that takes long leaves the last one to those who cannot wait', async () => {
    let looks = 0;
    const shared = shareObservations(
      async () => {
        if (++looks > 1) await sleep(5_000, undefined, { ref: false });
        return seenOf(1);
      },
      () => 1,
    );
    await shared.fresh();
    await sleep(600);
    expect(await shared.within(0)).toEqual(seenOf(1));
    expect(looks).toBe(2);
  });

  test('is made anew however the clock of the machine is set', async () => {
    let looks = 0;
    let nowMs = 1_000;
    const shared = shareObservations(
      async () => seenOf(++looks),
      () => looks,
      { monotonicMs: () => nowMs },
    );
    const real = Date.now;
    try {
      await shared.fresh();
      Date.now = () => real() - 3_600_000;
      nowMs += 600;
      expect(await shared.fresh()).toEqual(seenOf(2));
    } finally {
      Date.now = real;
    }
  });

  test('that fails fails for those who asked, and is made again', async () => {
    let looks = 0;
    const shared = shareObservations(
      async () => {
        if (++looks === 1) throw new Error('etcd is gone');
        return seenOf(1);
      },
      () => 1,
    );
    await expect(shared.fresh()).rejects.toThrow('etcd is gone');
    await sleep(600);
    expect(await shared.fresh()).toEqual(seenOf(1));
  });
});
