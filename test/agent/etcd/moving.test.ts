/** Joining, leaving and housekeeping, decided: what may never happen whatever an agent sees. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { housekeepingDecision, newcomerDeadlineMs } from '#etcd/housekeeping.ts';
import { type JoinFacts, joinDecision } from '#etcd/joining.ts';
import { type KnownMember, settleMs } from '#etcd/knownMembers.ts';
import { type LeaveFacts, leaveDecision } from '#etcd/leaving.ts';
import { quorum } from '#etcd/membership.ts';

const versions = ['2.3.8', '3.3.27', '3.5.35', '3.7.3'] as const;
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const;

function member(name: string, more: Partial<KnownMember> = {}): KnownMember {
  return {
    id: `id-${name}`,
    name,
    peerUrls: [`http://${name}:2380`],
    isLearner: false,
    healthy: true,
    instance: 'live',
    zone: 'z',
    region: 'r',
    ...more,
  };
}

const anyMember = (name: string): fc.Arbitrary<KnownMember> =>
  fc
    .record({
      healthy: fc.boolean(),
      isLearner: fc.boolean(),
      started: fc.boolean(),
      instance: fc.constantFrom('live' as const, 'gone' as const, 'unknown' as const),
      zone: fc.constantFrom('y', 'z', null),
      region: fc.constantFrom('r', 's', null),
    })
    .map(({ started, ...more }) =>
      member(name, { ...more, name: started ? name : '', healthy: started && more.healthy }),
    );
const cluster = fc.subarray([...names], { minLength: 1 }).chain((chosen) => fc.tuple(...chosen.map(anyMember)));

const voters = (members: readonly KnownMember[]) => members.filter(({ isLearner }) => !isLearner);
const hasQuorum = (members: readonly KnownMember[]) => {
  const all = voters(members);
  return all.length > 0 && all.filter(({ healthy }) => healthy).length >= quorum(all.length);
};

const joining = (more: Partial<JoinFacts> = {}): JoinFacts => ({
  self: { name: 'new', peerUrl: 'http://new:2380', zone: 'z', region: 'r' },
  members: [member('a'), member('b')],
  wanted: 3,
  version: '3.5.35',
  registered: null,
  sinceChangeMs: settleMs,
  ...more,
});
const anyJoining: fc.Arbitrary<JoinFacts> = fc.record({
  self: fc.constantFrom(
    { name: 'new', peerUrl: 'http://new:2380', zone: 'z', region: 'r' },
    { name: 'a', peerUrl: 'http://a:2380', zone: 'z', region: 'r' },
  ),
  members: cluster,
  wanted: fc.integer({ min: 0, max: 8 }),
  version: fc.constantFrom(...versions),
  registered: fc.constantFrom(null, { memberId: 'id-a' }, { memberId: 'other' }),
  sinceChangeMs: fc.constantFrom(0, settleMs),
});

describe('a newcomer', () => {
  test('is added only to a cluster that keeps its quorum with it down, one at a time, never beyond what the group wants', () => {
    fc.assert(
      fc.property(anyJoining, (facts) => {
        const decision = joinDecision(facts);
        expect(decision.reason).not.toBe('');
        if (decision.action !== 'add') return;
        const added = member('new', { healthy: false, isLearner: decision.asLearner });
        expect(hasQuorum([...facts.members, added])).toBe(true);
        expect(facts.members.filter(({ region }) => region !== 's').length).toBeLessThan(facts.wanted);
        expect(facts.members.filter(({ name, isLearner }) => name === '' || isLearner)).toEqual([]);
        expect(facts.members.filter(({ instance }) => instance === 'gone')).toEqual([]);
        expect(decision.asLearner).toBe(['3.5.35', '3.7.3'].includes(facts.version));
        expect(facts.sinceChangeMs).toBeGreaterThanOrEqual(settleMs);
      }),
      { numRuns: 2_000 },
    );
  });

  test('removes only what is gone or what stands for itself, never one that answers at its own place, never the quorum', () => {
    fc.assert(
      fc.property(anyJoining, (facts) => {
        const decision = joinDecision(facts);
        if (decision.action !== 'remove') return;
        const removed = facts.members.find(({ id }) => id === decision.memberId);
        const own = removed?.name === facts.self.name || removed?.peerUrls.includes(facts.self.peerUrl);
        expect(own || removed?.instance === 'gone').toBe(true);
        if (own) expect(removed?.healthy).toBe(false);
        expect(hasQuorum(facts.members.filter(({ id }) => id !== decision.memberId))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('starts only the member that its disk has registered and that never started', () => {
    fc.assert(
      fc.property(anyJoining, (facts) => {
        if (joinDecision(facts).action !== 'start') return;
        const own = facts.members.find(({ id }) => id === facts.registered?.memberId);
        expect(own).toMatchObject({ name: '', peerUrls: [facts.self.peerUrl] });
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<[string, Partial<JoinFacts>, string, string]>([
    ['room', {}, 'add', 'added as a learner'],
    ['a voter before 3.4', { version: '3.3.27' }, 'add', 'added as a voter'],
    ['no room', { members: [member('a'), member('b'), member('c')] }, 'wait', 'one has to leave first'],
    [
      'a dead member',
      { members: [member('a'), member('b'), member('c', { healthy: false, instance: 'gone' })] },
      'remove',
      'c is removed: its instance is gone',
    ],
    [
      'a member that does not answer, whose instance is there',
      { members: [member('a'), member('b'), member('c', { healthy: false })] },
      'wait',
      'r has 3 members and its group wants 3',
    ],
    [
      'another newcomer',
      { members: [member('a'), member('b', { isLearner: true })] },
      'wait',
      'b is joining; one at a time',
    ],
    [
      'a lost disk',
      { members: [member('a'), member('b'), member('new', { healthy: false })] },
      'remove',
      'its data is not on this disk, so it comes back under a new id',
    ],
    [
      'a lost disk without a quorum beside it',
      { members: [member('a'), member('b', { healthy: false }), member('new', { healthy: false })] },
      'wait',
      'when the quorum allows it',
    ],
    ['one voter before 3.4', { members: [member('a')], version: '2.3.8' }, 'wait', 'adding new is not safe now'],
    ['one voter from 3.4 on', { members: [member('a')] }, 'add', 'added as a learner'],
    ['a fresh change', { sinceChangeMs: settleMs - 1 }, 'wait', 'has to settle'],
    ['two of one identity', { members: [member('a'), member('new')], wanted: 3 }, 'wait', 'two have one identity'],
  ])('with %s', (_what, facts, action, reason) => {
    const decision = joinDecision(joining(facts));
    expect(decision.action).toBe(action);
    expect(decision.reason).toContain(reason);
  });
});

const leaving = (more: Partial<LeaveFacts> = {}): LeaveFacts => ({
  memberId: 'id-a',
  members: [member('a'), member('b'), member('c')],
  leaderId: 'id-b',
  wanted: 3,
  version: '3.5.35',
  sinceChangeMs: settleMs,
  handedOff: false,
  ...more,
});

describe('a member that leaves', () => {
  test('never costs the quorum, and hands over only to a healthy voter', () => {
    const facts: fc.Arbitrary<LeaveFacts> = fc.record({
      memberId: fc.constantFrom('id-a', 'id-b', null),
      members: cluster,
      leaderId: fc.constantFrom('id-a', 'id-b', null),
      wanted: fc.integer({ min: 0, max: 7 }),
      version: fc.constantFrom(...versions),
      sinceChangeMs: fc.constantFrom(0, settleMs),
      handedOff: fc.boolean(),
    });
    fc.assert(
      fc.property(facts, (given) => {
        const decision = leaveDecision(given);
        const rest = given.members.filter(({ id }) => id !== given.memberId);
        const own = given.members.find(({ id }) => id === given.memberId);
        if (decision.action === 'remove') {
          expect(own?.isLearner || hasQuorum(rest)).toBe(true);
        } else if (decision.action === 'handOff') {
          const heir = rest.find(({ id }) => id === decision.to);
          expect(heir).toMatchObject({ healthy: true, isLearner: false });
          expect(given.leaderId).toBe(given.memberId);
        } else if (decision.action === 'go') {
          expect(own === undefined || given.wanted === 0).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<[string, Partial<LeaveFacts>, string, string]>([
    ['as a follower', {}, 'remove', 'a leaves'],
    ['as the leader', { leaderId: 'id-a' }, 'handOff', 'b takes over'],
    ['as the leader that has handed over', { leaderId: 'id-a', handedOff: true }, 'remove', 'a leaves'],
    ['as the leader before 3.3', { leaderId: 'id-a', version: '2.3.8' }, 'remove', 'a leaves'],
    [
      'where another is down',
      { members: [member('a'), member('b'), member('c', { healthy: false })] },
      'wait',
      'leaving would lose the quorum: 2 of 2 voters are needed and 1 would be healthy; not healthy: c',
    ],
    ['as the last one', { members: [member('a')] }, 'wait', 'no voter would be left'],
    ['with the whole group', { wanted: 0 }, 'go', 'the cluster is being deleted'],
    ['as nobody', { memberId: null }, 'go', 'this instance is not a member'],
    [
      'so that one would be left before 3.4',
      { members: [member('a'), member('b')], version: '3.3.27' },
      'wait',
      'another has to join first',
    ],
    ['so that one is left from 3.4 on', { members: [member('a'), member('b')] }, 'remove', 'a leaves'],
    ['too soon', { sinceChangeMs: 0 }, 'wait', 'has to settle'],
  ])('%s', (_what, facts, action, reason) => {
    const decision = leaveDecision(leaving(facts));
    expect(decision.action).toBe(action);
    expect(decision.reason).toContain(reason);
  });
});

describe('housekeeping', () => {
  const seen = (members: readonly KnownMember[], ms: number) => new Map(members.map(({ id }) => [id, ms]));

  test('removes only a member whose instance is gone, that does not answer, and whose time is up; never the quorum', () => {
    fc.assert(
      fc.property(
        cluster,
        fc.constantFrom(0, newcomerDeadlineMs),
        fc.integer({ min: 1, max: 7 }),
        (members, ms, wanted) => {
          const { remove } = housekeepingDecision({
            members,
            wanted,
            sinceChangeMs: settleMs,
            seenForMs: seen(members, ms),
          });
          if (remove === null) return;
          const removed = members.find(({ id }) => id === remove.memberId);
          expect(removed).toMatchObject({ instance: 'gone', healthy: false });
          if (removed?.name === '' || removed?.isLearner) expect(ms).toBeGreaterThanOrEqual(newcomerDeadlineMs);
          expect(hasQuorum(members.filter(({ id }) => id !== remove.memberId))).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test.each<[string, KnownMember[], number, string | null, string]>([
    ['nothing', [member('a'), member('b'), member('c')], 0, null, ''],
    [
      'a dead member',
      [member('a'), member('b'), member('c', { healthy: false, instance: 'gone' })],
      0,
      'id-c',
      'the instance of c is gone',
    ],
    [
      'an unreachable member',
      [member('a'), member('b'), member('c', { healthy: false, instance: 'unknown' })],
      newcomerDeadlineMs,
      null,
      '',
    ],
    [
      'a learner that is late',
      [member('a'), member('b'), member('c', { isLearner: true })],
      newcomerDeadlineMs,
      null,
      'c was added over 120 s ago and is no voter yet',
    ],
    [
      'a dead newcomer before its time',
      [member('a'), member('b'), member('c', { name: '', healthy: false, instance: 'gone' })],
      0,
      null,
      '2 of 3 members',
    ],
    ['one too many', [member('a'), member('b'), member('c'), member('d')], 0, null, '4 members where 3 are wanted'],
    [
      'a dead member that the quorum needs counted',
      [member('a'), member('b', { healthy: false }), member('c', { healthy: false, instance: 'gone' })],
      0,
      null,
      'c cannot be removed',
    ],
  ])('finds %s', (_what, members, ms, removed, finding) => {
    const { remove, findings } = housekeepingDecision({
      members,
      wanted: 3,
      sinceChangeMs: settleMs,
      seenForMs: seen(members, ms),
    });
    expect(remove?.memberId ?? null).toBe(removed);
    expect(findings.map(({ text }) => text).join('; ')).toContain(finding);
  });

  test('warns of an even size, whatever else it finds', () => {
    const members = [member('a'), member('b'), member('c'), member('d')];
    const facts = { members, wanted: 4, sinceChangeMs: settleMs, seenForMs: seen(members, 0) };
    expect(housekeepingDecision(facts)).toEqual({
      remove: null,
      findings: [{ kind: 'evenSize', text: '4 members are wanted, which tolerate no more failures than 3' }],
    });
  });
});
