/** What a rotation of the certificate authority would do, and when it is refused. */
import { describe, expect, test } from '@jest/globals';
import type { MemberSecurity, Survey } from '../../../agent/protocol.ts';
import type { AuthorityState, CheckedAuthorityRotation } from '../../../tasks/catalogue.ts';
import { planAbandonedAuthority, planAuthorityRotation } from '../../../tasks/plan/authorityPlan.ts';
import { authorityProblems } from '../../../tasks/plan/authorityPreflight.ts';
import { checkAuthorityInput } from '../../../tasks/plan/authorityRequest.ts';
import type { MemberSurvey, UpgradeFacts } from '../../../tasks/plan/upgradeFacts.ts';
import { reportOf, whole } from './rotationFacts.ts';

const names = ['i-1', 'i-2', 'i-3'];
const print = (generation: number) => `print-${generation}`;

function survey(name: string, security: Partial<MemberSecurity>): MemberSurvey {
  const { description } = reportOf(name, names, { leader: 'i-3' });
  const own = { transport: 'tls', trusted: [], issuer: '', endsAt: null, ...security } as MemberSecurity;
  const found = { description, security: own, clockMs: 0, raftIndex: 1, v2Problem: '' } as unknown as Survey;
  return { instanceId: name, survey: found, problem: '', answeredAtMs: 0 };
}
/** @param shows generation whose certificate each of them shows */
const members = (trusted: readonly number[], shows: number) =>
  names.map((name) => survey(name, { trusted: trusted.map(print), issuer: print(shows) }));

/** @param unaware number of clients that a rotation to each would wait for before it signs @param cutOff and before it is alone */
function state(trusted: readonly number[], deployed: readonly number[], unaware = 0, cutOff = 0): AuthorityState {
  const waited = (count: number) => ({ count, first: [] });
  return {
    authorities: trusted.map((generation) => ({
      generation,
      fingerprint: print(generation),
      madeAt: '',
      notAfter: '',
    })),
    deployed,
    clients: deployed.map((generation) => ({ generation, unaware: waited(unaware), cutOff: waited(cutOff) })),
  };
}

const request = (input: object = {}): CheckedAuthorityRotation => checkAuthorityInput(input);
const plan = (stands: AuthorityState, seen: readonly MemberSurvey[], input: object = {}) =>
  planAuthorityRotation(stands, seen, request(input), 'etcd');
const back = { action: 'rollBack' };
const planned = (wanted: number, trusted: readonly number[], steps: readonly string[]) => ({
  verdict: 'planned',
  plan: { cluster: 'etcd', wanted, trusted, steps: steps.map((step) => expect.stringContaining(step)) },
});
const refused = (why: string) => ({ verdict: 'refused', why: expect.stringContaining(why) });

const trustsToo = 'generation 2 is trusted beside 1';
const restart = 'where it does not trust both yet';
const signs = 'Generation 2 signs';
const alone = 'Generation 2 is trusted alone';

describe('a rotation', () => {
  test.each<[string, AuthorityState, readonly MemberSurvey[], object, object]>([
    ['begins', state([1], [1, 2]), members([1], 1), {}, planned(2, [1], [trustsToo, restart, signs, alone])],
    ['goes on with members', state([1, 2], [1, 2]), members([1], 1), {}, planned(2, [1, 2], [restart, signs, alone])],
    ['goes on once it signs', state([2, 1], [1, 2]), members([1, 2], 1), {}, planned(2, [2, 1], [restart, alone])],
    ['ends with members', state([2], [1, 2]), members([1, 2], 2), {}, planned(2, [2], ['trust generation 2 alone'])],
    ['needs a key', state([1], [1]), members([1], 1), {}, refused('certificateAuthorityGeneration = 2 first')],
    ['is done', state([2], [1, 2]), members([2], 2), {}, refused('certificateAuthorityGeneration = 3 first')],
    ['has nobody yet', state([], [1, 2]), members([], 0), {}, refused('no certificate authority yet')],
    [
      'goes back',
      state([2, 1], [1, 2]),
      members([1, 2], 2),
      back,
      planned(1, [2, 1], [restart, 'Generation 1 signs', 'Generation 1 is']),
    ],
    ['goes back early', state([1, 2], [1, 2]), members([1], 1), back, planned(1, [1, 2], [restart, 'Generation 1 is'])],
    [
      'cannot go back',
      state([2], [1, 2]),
      members([1, 2], 2),
      back,
      refused('go on to generation 3, by a deployment with'),
    ],
    ['has gone back', state([1], [1, 2]), members([1], 1), back, refused('nothing to take back')],
    ['cannot go back before 1', state([1], [1]), members([1], 1), back, refused('no way back to generation 0')],
  ])('%s', (_what, stands, seen, input, expected) => {
    expect(plan(stands, seen, input)).toMatchObject(expected);
  });

  test('that was stopped at its very end is gone on with, so that the lock is released', () => {
    for (const [stands, seen, input] of [
      [state([2], [1, 2]), members([2], 2), {}],
      [state([1], [1, 2]), members([1], 1), back],
    ] as const)
      expect(planAuthorityRotation(stands, seen, request(input), 'etcd', true)).toMatchObject({ verdict: 'planned' });
  });

  test('with members that do not answer is no rotation that is done', () => {
    const [first, second] = members([2], 2) as [MemberSurvey, MemberSurvey];
    const silent = { ...second, survey: null };
    expect(plan(state([2], [1, 2]), [first, silent])).toMatchObject({ verdict: 'planned' });
  });

  test('says where it would wait for clients, and not where it is told not to', () => {
    const stopsAt = (input: object) => {
      const said = plan(state([1], [1, 2], 2, 3), members([1], 1), input);
      if (said.verdict === 'refused') throw new Error(said.why);
      expect(said.plan.clients).toMatchObject({ unaware: { count: 2 }, cutOff: { count: 3 } });
      return said.plan.steps.filter((step) => step.startsWith('It ends here'));
    };
    expect(stopsAt({})).toEqual([
      expect.stringContaining('2 certificates of clients came without the CA certificate of generation 2'),
      expect.stringContaining('3 certificates of clients are of generation 1'),
    ]);
    expect(stopsAt({ sign: 'now' })).toHaveLength(1);
    expect(stopsAt({ sign: 'now', drop: 'now' })).toEqual([]);
  });

  test('that is abandoned asks nobody', () => {
    expect(planAbandonedAuthority(state([2, 1], [1, 2], 5, 5), 'etcd')).toMatchObject({ trusted: [2, 1], members: [] });
  });
});

describe('the preflight', () => {
  const facts = (seen: readonly MemberSurvey[]): UpgradeFacts => ({
    bootstrap: { createdAt: '2026-01-01T00:00:00Z' } as UpgradeFacts['bootstrap'],
    lock: null,
    holderEnded: false,
    rotation: null,
    upgrade: null,
    groups: [whole],
    surveys: seen,
    releases: [],
  });

  test('finds nothing against a healthy cluster that speaks TLS', () => {
    expect(authorityProblems(facts(members([1], 1)))).toEqual({ lasting: [], passing: [] });
  });

  test('wants every member to speak TLS alone', () => {
    const [first] = members([1], 1) as [MemberSurvey];
    const { lasting } = authorityProblems(
      facts([first, survey('i-2', { transport: 'both' }), survey('i-3', { transport: 'plain' })]),
    );
    expect(lasting).toEqual([
      'i-2 serves plain HTTP beside TLS: take the cluster to TLS first (MigrateToTls)',
      'i-3 serves plain HTTP: take the cluster to TLS first (MigrateToTls)',
    ]);
  });

  test('says everything else that is in the way, too', () => {
    const { lasting, passing } = authorityProblems({ ...facts(members([1], 1).slice(1)), bootstrap: null });
    expect(lasting).toEqual([expect.stringContaining('never recorded as created')]);
    expect(passing.length).toBeGreaterThan(0);
  });
});
