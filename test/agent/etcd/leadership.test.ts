/** Where the leader should be, and when it is moved there. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KnownMember } from '#etcd/knownMembers.ts';
import {
  awayAllowedMs,
  betweenMovesMs,
  heirsAtHome,
  type LeadershipFacts,
  leadershipDecision,
  quorumRegion,
} from '#etcd/leadership.ts';
import { quorum } from '#etcd/membership.ts';

const member = (id: string, region: string | null, changes: Partial<KnownMember> = {}): KnownMember => ({
  id,
  name: `i-${id}`,
  peerUrls: [],
  isLearner: false,
  healthy: true,
  instance: 'live',
  zone: null,
  region,
  ...changes,
});

/** Three at home, two away; `d` leads. */
const split = [member('a', 'home'), member('b', 'home'), member('c', 'home'), member('d', 'away'), member('e', 'away')];
const facts = (changes: Partial<LeadershipFacts> = {}): LeadershipFacts => ({
  ownId: 'd',
  members: split,
  version: '3.5.35',
  awayForMs: awayAllowedMs,
  sinceMoveMs: Number.POSITIVE_INFINITY,
  ...changes,
});

describe('the region of the quorum', () => {
  test('has more than half of the voters', () => {
    expect(quorumRegion(split)).toBe('home');
    expect(quorumRegion([member('a', 'home'), member('d', 'away')])).toBeNull();
    expect(quorumRegion([member('a', 'home'), member('b', null)])).toBeNull();
    const learner = member('f', 'away', { isLearner: true });
    expect(quorumRegion([member('a', 'home'), member('b', 'home'), member('d', 'away'), learner])).toBe('home');
  });

  test('is where heirs are looked for', () => {
    expect(heirsAtHome(split.slice(2), split).map(({ id }) => id)).toEqual(['c']);
    const [a, b, c, d, e] = split as [KnownMember, KnownMember, KnownMember, KnownMember, KnownMember];
    const sick = [a, b, { ...c, healthy: false }, d, e];
    expect(heirsAtHome(sick.slice(2), sick)).toEqual(sick.slice(2));
    const one = [member('a', 'home'), member('b', 'home')];
    expect(heirsAtHome(one, one)).toEqual(one);
  });
});

describe('a leader that is away', () => {
  test('moves home after a while, to a healthy voter', () => {
    const members = [member('a', 'home', { healthy: false }), ...split.slice(1)];
    const decision = leadershipDecision(facts({ members }));
    expect(decision).toMatchObject({ action: 'move', reason: 'home holds the quorum, and i-d leads from away' });
    expect(decision.action === 'move' && decision.to.map(({ id }) => id)).toEqual(['b', 'c']);
  });

  test.each<[string, Partial<LeadershipFacts>, boolean]>([
    ['has just become the leader', { awayForMs: awayAllowedMs - 1 }, true],
    ['was moved a moment ago', { sinceMoveMs: betweenMovesMs - 1 }, true],
    ['runs an etcd that cannot', { version: '3.2.32' }, false],
    ['is at home', { ownId: 'a' }, false],
    [
      'has nobody at home who is well',
      { members: split.map((one) => ({ ...one, healthy: one.region === 'away' })) },
      false,
    ],
    ['is where no region has a quorum', { members: [...split, member('f', 'away')] }, false],
  ])('stays where it %s', (_, changes, away) => {
    expect(leadershipDecision(facts(changes))).toMatchObject({ action: 'stay', away });
  });

  test('is never moved but from elsewhere to a healthy voter of the region that has the quorum', () => {
    const anyMember = fc.record({
      region: fc.constantFrom('home', 'away', null),
      healthy: fc.boolean(),
      isLearner: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyMember, { minLength: 1, maxLength: 7 }), fc.nat(6), (list, at) => {
        const members = list.map((one, index) => member(`${index}`, one.region, one));
        const decision = leadershipDecision(facts({ members, ownId: `${at}` }));
        if (decision.action === 'stay') return;
        const voters = members.filter(({ isLearner }) => !isLearner);
        for (const { region, healthy, isLearner } of decision.to) {
          expect([healthy, isLearner]).toEqual([true, false]);
          expect(voters.filter((one) => one.region === region).length).toBeGreaterThanOrEqual(quorum(voters.length));
          expect(members[at]?.region).not.toBe(region);
        }
        expect(voters.filter(({ healthy }) => healthy).length).toBeGreaterThanOrEqual(quorum(voters.length));
      }),
    );
  });
});
