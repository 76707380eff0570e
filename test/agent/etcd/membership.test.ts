import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  faultTolerance,
  type MemberState,
  type MembershipChange,
  project,
  quorum,
  safetyOf,
} from '#etcd/membership.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const;
const cluster = fc
  .tuple(
    fc.subarray([...names], { minLength: 1 }),
    fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
    fc.nat({ max: 20 }),
  )
  .map(([chosen, health, learner]): MemberState[] =>
    chosen.map((name, index) => ({ name, healthy: health[index] ?? false, learner: index === learner && index > 0 })),
  );
const change: fc.Arbitrary<MembershipChange> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), name: fc.constantFrom(...names, 'new'), learner: fc.boolean() }),
  fc.record({ kind: fc.constant('promote' as const), name: fc.constantFrom(...names) }),
  fc.record({ kind: fc.constant('remove' as const), name: fc.constantFrom(...names) }),
);
const voters = (members: readonly MemberState[]) => members.filter(({ learner }) => !learner);
const up = (members: readonly MemberState[]) => voters(members).filter(({ healthy }) => healthy);
const members = (text: string): MemberState[] =>
  text.split(' ').map((word) => ({ name: word[0] ?? '', healthy: word[1] !== '-', learner: word.endsWith('?') }));

describe('quorum', () => {
  test.each([
    [1, 1, 0],
    [2, 2, 0],
    [3, 2, 1],
    [4, 3, 1],
    [5, 3, 2],
    [6, 4, 2],
    [7, 4, 3],
  ])('%i voters need %i and may lose %i', (count, needed, spare) => {
    expect(quorum(count)).toBe(needed);
    expect(faultTolerance(count)).toBe(spare);
  });

  test('any two quorums share a voter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (count) => expect(2 * quorum(count)).toBeGreaterThan(count)),
    );
    expect(faultTolerance(0)).toBe(0);
  });
});

describe('a change that is called safe', () => {
  test('leaves a quorum of healthy voters, the newcomer counted as down', () => {
    fc.assert(
      fc.property(cluster, change, (before, wanted) => {
        if (safetyOf(before, wanted).verdict !== 'safe') return;
        const after = project(before, wanted);
        expect(up(after).length).toBeGreaterThanOrEqual(quorum(voters(after).length));
        expect(new Set(after.map(({ name }) => name)).size).toBe(after.length);
        expect(Math.abs(voters(after).length - voters(before).length)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('stays safe when one more member is healthy', () => {
    fc.assert(
      fc.property(cluster, change, fc.nat({ max: 6 }), (before, wanted, index) => {
        if (safetyOf(before, wanted).verdict !== 'safe') return;
        const better = before.map((member, at) => (at === index ? { ...member, healthy: true } : member));
        expect(safetyOf(better, wanted).verdict).toBe('safe');
      }),
    );
  });

  test('has no reasons, and one that is not always has', () => {
    fc.assert(
      fc.property(cluster, change, (before, wanted) => {
        const { verdict, reasons } = safetyOf(before, wanted);
        expect(reasons.length === 0).toBe(verdict === 'safe');
      }),
    );
  });
});

describe('the cluster after the change', () => {
  test.each<[string, MembershipChange, 'safe' | 'unsafe', string]>([
    ['a b c', { kind: 'remove', name: 'a' }, 'safe', ''],
    ['a b- c', { kind: 'remove', name: 'b' }, 'safe', ''],
    [
      'a b- c',
      { kind: 'remove', name: 'a' },
      'unsafe',
      '2 of 2 voters are needed and 1 would be healthy; not healthy: b',
    ],
    ['a', { kind: 'remove', name: 'a' }, 'unsafe', 'no voter would be left'],
    ['a', { kind: 'add', name: 'b', learner: false }, 'unsafe', '2 of 2 voters are needed'],
    ['a', { kind: 'add', name: 'b', learner: true }, 'safe', ''],
    ['a b c', { kind: 'add', name: 'd', learner: false }, 'safe', ''],
    ['a b c-', { kind: 'add', name: 'd', learner: false }, 'unsafe', '3 of 4 voters are needed and 2 would be healthy'],
    ['a b c', { kind: 'add', name: 'a', learner: false }, 'unsafe', 'a is a member already'],
    ['a b c d?', { kind: 'add', name: 'e', learner: true }, 'unsafe', 'd is still a learner; one at a time'],
    ['a b d?', { kind: 'promote', name: 'd' }, 'safe', ''],
    ['a b d-?', { kind: 'promote', name: 'd' }, 'unsafe', 'd is not healthy'],
    ['a b c', { kind: 'promote', name: 'a' }, 'unsafe', 'a is a voter already'],
    ['a b c', { kind: 'remove', name: 'x' }, 'unsafe', 'x is not a member'],
  ])('%s, %j: %s %s', (before, wanted, verdict, reason) => {
    const safety = safetyOf(members(before), wanted);
    expect(safety.verdict).toBe(verdict);
    expect(safety.reasons.join('; ')).toContain(reason);
  });
});
