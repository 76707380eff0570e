/** A newcomer that waits while an operation changes what it was to be started as. */
import { expect, test } from '@jest/globals';
import type { LockRecord } from '#etcd/record.ts';
import { type JoinOptions, join } from '../../../agent/duties/join.ts';

const lock = (token: number, holder?: string, joins = false) =>
  ({ cluster: 'etcd', item: 'lock', token, ...(holder && { holder, purpose: 'an operation', joins }) }) as LockRecord;

/** Joins with the lock as it is at each look. @returns how often it looked at the members; null: it was to look anew */
async function looksUntilAnew(locks: readonly (LockRecord | null)[]): Promise<readonly [null | 'goes on', number]> {
  let [read, looked] = [0, 0];
  const options = {
    record: { readLock: async () => locks[read++] ?? null },
    look: async () => {
      looked++;
      return { seen: null, reason: 'no member answers' };
    },
    log: () => {},
    enter: () => {},
    clock: {
      sleep: async () => {
        if (read === locks.length) throw new Error('enough');
      },
    },
  } as unknown as JoinOptions;
  const spec = await join(options).catch(() => 'goes on' as const);
  return [spec as null | 'goes on', looked];
}

test.each<[string, readonly (LockRecord | null)[], null | 'goes on', number]>([
  ['looks anew once the operation that barred it has ended', [lock(4, 'a'), lock(4, 'a'), lock(4)], null, 0],
  ['looks anew where one has ended between two looks', [lock(4), lock(5)], null, 1],
  ['looks anew after the first operation ever', [null, lock(1)], null, 1],
  ['waits for the one that follows at once', [lock(4, 'a'), lock(5, 'b'), lock(5)], null, 0],
  ['goes on where there is none', [lock(4), lock(4), lock(4)], 'goes on', 3],
  ['goes on where it is to join', [lock(4, 'a', true), lock(4, 'a', true), lock(4)], 'goes on', 3],
])('%s', async (_what, locks, outcome, looked) => {
  expect(await looksUntilAnew(locks)).toEqual([outcome, looked]);
});
