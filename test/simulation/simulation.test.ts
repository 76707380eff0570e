/** Simulated clusters, each through 200 operations by its seed; `npm run simulate` has more of them, and replays one. */
import { describe, expect, test } from '@jest/globals';
import { simulate, versions } from './simulate.ts';

/** About 20 s on two cores. */
const seeds = 30;
const perTest = 10;
const happenings = [
  ...['adds', 'removes', 'promotes', 'killEtcd', 'killAgent', 'crashAtChange', 'reboot', 'loseInstance', 'terminate'],
  ...['scale', 'wipeDisk', 'corruptDisk', 'pauseSomething', 'partition', 'cutFromAws', 'disturb', 'deny'],
  ...['stepClock', 'slowCatchUp', 'moveLeadership', 'holdLock'],
];

describe('a simulated cluster through 200 random operations', () => {
  const firsts = Array.from({ length: seeds / perTest }, (_, index) => 1 + index * perTest);

  test.each(firsts)(
    `keeps all that was promised, seeds %i and the ${perTest - 1} after it`,
    async (first) => {
      for (let seed = first; seed < first + perTest; seed++) {
        const { violations } = await simulate({ seed });
        expect({ replay: `SEED=${seed} npm run simulate`, violations }).toEqual({
          replay: `SEED=${seed} npm run simulate`,
          violations: [],
        });
      }
    },
    240_000,
  );

  test('is the same again by its seed', async () => {
    const [once, again] = [await simulate({ seed: 4, keepTrace: true }), await simulate({ seed: 4, keepTrace: true })];
    expect(once.trace.length).toBeGreaterThan(200);
    expect(again.trace).toEqual(once.trace);
  }, 60_000);

  test('is tried on versions with and without learners, and everything happens', async () => {
    const counts = new Map<string, number>();
    const seen = new Set<string>();
    for (let seed = 1; seed <= 10; seed++) {
      const result = await simulate({ seed, operations: 60 });
      seen.add(result.version);
      for (const [what, count] of result.counts) counts.set(what, (counts.get(what) ?? 0) + count);
    }
    expect([...seen].every((version) => versions.includes(version))).toBe(true);
    expect(seen.size).toBeGreaterThan(3);
    const never = happenings.filter((what) => !counts.has(what));
    expect(never).toEqual([]);
  }, 120_000);
});
