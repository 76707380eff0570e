/** What an upgrade decides from surveys and records. */
import { describe, expect, test } from '@jest/globals';
import type { UpgradeRecord } from '#etcd/record.ts';
import type { Survey } from '../../../agent/protocol.ts';
import type { CheckedUpgrade, Hop } from '../../../tasks/catalogue.ts';
import { admission, joinAs } from '../../../tasks/plan/admission.ts';
import { type MemberSurvey, type UpgradeFacts, upgradeProblems } from '../../../tasks/plan/upgradeFacts.ts';
import { chooseMember } from '../../../tasks/plan/upgradeMembers.ts';
import { backupsOf, planAbandonment, planUpgrade } from '../../../tasks/plan/upgradePlan.ts';
import { begunUpgrade, notedHop, withHop } from '../../../tasks/plan/upgradeRecord.ts';
import { checkUpgradeInput } from '../../../tasks/plan/upgradeRequest.ts';
import { groupOf, instance, reportOf, type Seen, whole } from './rotationFacts.ts';

const names = ['i-1', 'i-2', 'i-3'];
const gib = 1024 ** 3;

function surveyOf(name: string, seen: Seen = {}, changes: Partial<Survey> = {}): MemberSurvey {
  const { description } = reportOf(name, names, { leader: 'i-3', ...seen });
  if (description === null) throw new Error('there is a description');
  const survey: Survey = {
    description,
    security: { transport: 'plain', trusted: [], issuer: '', endsAt: null },
    raftIndex: 1_000,
    snapshotIndex: 0,
    snapshotCount: 0,
    v2Api: false,
    dataBytes: 1_000_000,
    backupBytes: 65_000_000,
    freeBytes: 10 * gib,
    releasesFreeBytes: 10 * gib,
    arch: 'amd64',
    releases: ['3.5.35'],
    clockMs: 1_000_000,
    authEnabled: false,
    v2Keys: null,
    v2Problem: '',
    ...changes,
  };
  return { instanceId: name, survey, problem: '', answeredAtMs: 1_000_500 };
}
const silent = (name: string): MemberSurvey => ({
  instanceId: name,
  survey: null,
  problem: 'no answer',
  answeredAtMs: 0,
});
const facts = (changes: Partial<UpgradeFacts> = {}): UpgradeFacts => ({
  bootstrap: { createdAt: '2026-01-01T00:00:00Z', etcdVersion: '3.5.35' } as UpgradeFacts['bootstrap'],
  lock: null,
  holderEnded: false,
  rotation: null,
  upgrade: null,
  groups: [whole],
  surveys: names.map((name) => surveyOf(name)),
  releases: [
    { version: '3.5.35', from: 'bucket', arch: 'amd64' },
    { version: '3.6.16', from: 'bucket', arch: 'amd64' },
    { version: '3.6.14', from: 'bucket', arch: 'arm64' },
    { version: '3.7.3', from: 'official', arch: null },
  ],
  ...changes,
});
const request = (input: object): CheckedUpgrade => checkUpgradeInput(input);
const hop = (changes: Partial<Hop> = {}): Hop => ({
  kind: 'minor',
  from: '3.5.35',
  to: '3.6.16',
  snapshotCount: 0,
  clusterVersion: '3.6.0',
  raftSnapshot: false,
  v2Api: false,
  deletesV2Keys: false,
  checksV2Store: true,
  gates: [],
  ...changes,
});
const halted: UpgradeRecord = {
  cluster: 'etcd',
  item: 'upgrade',
  token: 7,
  execution: 'first',
  from: '3.5.35',
  to: '3.6.16',
  strategy: 'inPlace',
  v2Keys: 'keep',
  beganAt: '2026-01-01T00:00:00Z',
  current: { from: '3.5.35', to: '3.6.16' },
  done: [],
};
const heldLock = { cluster: 'etcd', item: 'lock', token: 7, holder: 'first', purpose: 'RollingUpgrade' } as const;

describe('the preflight', () => {
  const problems = (changes: Partial<UpgradeFacts>) => {
    const { lasting, passing } = upgradeProblems(facts(changes), { strategy: 'inPlace', action: 'upgrade' });
    return [...lasting, ...passing];
  };

  test('finds nothing against a healthy cluster', () => expect(problems({})).toEqual([]));

  test('takes users of etcd for no reason where the agents are one of them, and for the only one where they are none', () => {
    const withAuth = (member: object) => [
      surveyOf('i-1', member, { authEnabled: true }),
      ...names.slice(1).map((name) => surveyOf(name)),
    ];
    expect(problems({ surveys: withAuth({}) })).toEqual([]);
    expect(problems({ surveys: withAuth({ unwell: 'a read and write failed' }) })).toEqual([
      expect.stringMatching(/^auth is on, .*user etcd-appliance-agent with the role root.*or turn auth off/),
    ]);
  });

  test('lists everything that is in the way, not only the first', () => {
    const found = problems({
      lock: { ...heldLock, takenAt: 'now' },
      surveys: [
        surveyOf('i-1', { unwell: 'i-1 has the alarm NOSPACE' }),
        surveyOf('i-2', {}, { freeBytes: 1_000, clockMs: 2_000_000, raftIndex: 9_000 }),
        silent('i-3'),
      ],
    });
    for (const part of [
      'holds the lock',
      'alarm NOSPACE',
      'data volume of i-2 has 1 MiB left',
      'clock of i-2 is',
      'i-1 is 8000 entries behind',
      'agent of i-3 does not answer',
    ])
      expect(found.join('\n')).toContain(part);
  });

  test.each([
    [
      'the group has fewer instances than it wants',
      { groups: [groupOf([instance('i-1'), instance('i-2')])] },
      '2 instances where 3 are wanted',
    ],
    ['the cluster was never created', { bootstrap: null }, 'never recorded as created'],
    [
      'a release has no room',
      { surveys: [surveyOf('i-1', {}, { releasesFreeBytes: 1 })] },
      'releases of i-1 has 1 MiB left',
    ],
    [
      'there are two members',
      { surveys: ['i-1', 'i-2'].map((name) => surveyOf(name, { lists: ['i-1', 'i-2'] })) },
      'two members',
    ],
  ])('finds that %s', (_what, changes, message) => {
    expect(problems(changes as Partial<UpgradeFacts>).join('; ')).toContain(message);
  });

  test('says with auth on that it is on, and not that every member is unwell', () => {
    const surveys = names.map((name) => surveyOf(name, { unwell: 'user name is empty' }, { authEnabled: true }));
    const found = problems({ surveys }).join('; ');
    expect(found).toContain('etcdctl auth disable');
    expect(found).not.toContain('user name is empty');
  });

  test('finds a cluster version that is behind the members, and a v2 store that does not answer', () => {
    const behind = names.map((name) => surveyOf(name, {}, { v2Problem: 'timeout' }));
    for (const { survey } of behind) Object.assign(survey?.description.member ?? {}, { clusterVersion: '3.4.0' });
    const found = problems({ surveys: behind }).join('; ');
    expect(found).toContain('i-1 reports the cluster version 3.4.0, where every member runs 3.5');
    expect(found).toContain('the v2 store of i-1 could not be listed: timeout');
  });

  test('lets a rollback begin without room or clocks, but not under the lock of another', () => {
    const surveys = [surveyOf('i-1', {}, { freeBytes: 1, clockMs: 0 })];
    const back = { strategy: 'inPlace', action: 'rollBack' } as const;
    expect(upgradeProblems(facts({ surveys }), back)).toEqual({ lasting: [], passing: [] });
    expect(upgradeProblems(facts({ lock: { ...heldLock, takenAt: 'now' } }), back).lasting).toHaveLength(1);
  });

  test('asks for room in the group where instances are replaced', () => {
    const full = groupOf(whole.instances, { maxSize: 3 });
    expect(
      upgradeProblems(facts({ groups: [full] }), { strategy: 'replace', action: 'upgrade' }).lasting.join(),
    ).toContain('no room for a successor');
  });
});

describe('the plan', () => {
  const planned = (changes: Partial<UpgradeFacts>, input: object) =>
    planUpgrade(facts(changes), request(input), 'etcd');

  test('has hops, order, releases and sentences', () => {
    const { verdict, plan } = planned({}, { to: '3.6.16' }) as Extract<
      ReturnType<typeof planned>,
      { verdict: 'planned' }
    >;
    expect(verdict).toBe('planned');
    expect(plan.hops).toMatchObject([{ kind: 'minor', from: '3.5.35', to: '3.6.16', checksV2Store: true }]);
    expect(plan.order.map(({ member }) => member)).toEqual(['i-1', 'i-2', 'i-3']);
    expect(plan.order.at(-1)).toMatchObject({ leads: true });
    expect(plan.releases).toEqual([{ version: '3.6.16', from: 'bucket' }]);
    expect(plan.steps).toHaveLength(3);
    expect(plan.estimatedSeconds).toBeGreaterThan(0);
  });

  test('takes releases of the members’ architecture, and those that all of them have', () => {
    expect(planned({}, { to: '3.6.14' })).toMatchObject({
      reasons: [expect.stringContaining('etcd 3.6.14 cannot be had')],
    });
    const surveys = names.map((name) => surveyOf(name, {}, { releases: ['3.6.14'] }));
    expect(planned({ surveys }, { to: '3.6.14' })).toMatchObject({ plan: { releases: [{ from: 'installed' }] } });
    expect(planned({}, { to: '3.7.3' })).toMatchObject({
      plan: { releases: [{ from: 'bucket' }, { from: 'official' }] },
    });
  });

  test('is refused where a release cannot be had, naming it', () => {
    expect(planned({}, { to: '3.6.15' })).toMatchObject({
      verdict: 'refused',
      reasons: [expect.stringContaining('etcd 3.6.15 cannot be had')],
    });
  });

  test('takes a halted hop back while the cluster version has not changed', () => {
    const back = planned({ upgrade: halted, lock: heldLock }, { action: 'rollBack' });
    expect(back).toMatchObject({
      verdict: 'planned',
      plan: { to: '3.5.35', hops: [{ kind: 'rollBack', to: '3.5.35' }] },
    });
    const surveys = names.map((name) => surveyOf(name));
    for (const { survey } of surveys) Object.assign(survey?.description.member ?? {}, { clusterVersion: '3.6.0' });
    expect(planned({ upgrade: halted, lock: heldLock, surveys }, { action: 'rollBack' })).toMatchObject({
      verdict: 'refused',
      reasons: [expect.stringContaining('the cluster version is 3.6.0 already')],
    });
  });

  test('takes no member back that has run 3.0 and cannot be 2.3 again, and names those', () => {
    const hop = { ...halted, to: '3.0.17', current: { ...halted.current, from: '2.3.8', to: '3.0.17' } };
    const facts = (versions: readonly string[]) => ({
      upgrade: hop as typeof halted,
      lock: heldLock,
      releases: [{ version: '2.3.8', from: 'bucket', arch: null }] as const,
      surveys: names.map((name, index) => surveyOf(name, { version: versions[index] ?? '2.3.8' })),
    });
    const of = (...versions: readonly string[]) => {
      const given = facts(versions);
      for (const { survey } of given.surveys)
        Object.assign(survey?.description.member ?? {}, { clusterVersion: '2.3.0' });
      return planned(given, { action: 'rollBack' });
    };
    expect(of('3.0.17')).toMatchObject({
      verdict: 'refused',
      reasons: [expect.stringMatching(/^etcd 2\.3 panics.*terminate the instances that run 3\.0\.17.*: \S+$/)],
    });
    expect(of()).toMatchObject({ verdict: 'planned', plan: { hops: [{ kind: 'rollBack', to: '2.3.8' }] } });
  });

  test('finishes a hop whose members all run it before it goes on, or ends', () => {
    const swapped = names.map((name) => surveyOf(name, { version: '3.6.16' }, { snapshotCount: 100 }));
    const lastSwapped = { upgrade: halted, lock: heldLock, surveys: swapped };
    expect(planned(lastSwapped, { action: 'resume' })).toMatchObject({
      plan: { hops: [{ kind: 'finish', from: '3.5.35', to: '3.6.16', snapshotCount: 100, clusterVersion: '3.6.0' }] },
    });
    expect(planned({ ...lastSwapped, upgrade: { ...halted, to: '3.7.3' } }, { action: 'resume' })).toMatchObject({
      plan: {
        hops: [
          { kind: 'finish', raftSnapshot: true },
          { kind: 'minor', to: '3.7.3' },
        ],
      },
    });
    const noted = { ...halted, current: undefined } as unknown as UpgradeRecord;
    expect(planned({ ...lastSwapped, upgrade: noted }, { action: 'resume' })).toMatchObject({ plan: { hops: [] } });
    // One that was halted in the middle has its hop planned again.
    const [first, ...others] = names.map((name) => surveyOf(name));
    const half = [surveyOf('i-1', { version: '3.6.16' }), ...others];
    expect(first).toBeDefined();
    expect(planned({ ...lastSwapped, surveys: half }, { action: 'resume' })).toMatchObject({
      plan: { hops: [{ kind: 'minor', to: '3.6.16' }] },
    });
  });

  test('goes on with a rollback that was halted, and ends where it went back to', () => {
    const back = { ...halted, to: '3.5.35', current: { from: '3.5.35', to: '3.6.16', back: true } } as const;
    const half = ['i-1', 'i-2'].map((name) => surveyOf(name)).concat(surveyOf('i-3', { version: '3.6.16' }));
    expect(planned({ upgrade: back, lock: heldLock, surveys: half }, { action: 'resume' })).toMatchObject({
      plan: { hops: [{ kind: 'rollBack', to: '3.5.35' }] },
    });
    // A release that nobody may go to may be gone back to.
    const bad = { ...back, from: '3.5.1', to: '3.5.1', current: undefined } as unknown as UpgradeRecord;
    const surveys = names.map((name) => surveyOf(name, { version: '3.5.1' }));
    expect(planned({ upgrade: bad, lock: heldLock, surveys }, { action: 'resume' })).toMatchObject({
      plan: { hops: [] },
    });
  });

  test('goes forward again where a rollback was halted until it was too late', () => {
    const back = { ...halted, to: '3.5.35', current: { from: '3.5.35', to: '3.6.16', back: true } } as const;
    const surveys = names.map((name) => surveyOf(name, { version: '3.6.16' }));
    for (const { survey } of surveys) Object.assign(survey?.description.member ?? {}, { clusterVersion: '3.6.0' });
    const forward = planned({ upgrade: back, lock: heldLock, surveys }, { action: 'resume' });
    expect(forward).toMatchObject({ verdict: 'planned', plan: { to: '3.6.16', hops: [] } });
    if (forward.verdict === 'refused') return;
    const checked = request({ action: 'resume' });
    const begun = { cluster: 'etcd', execution: 'e', token: 8, now: 'now', request: checked, plan: forward.plan };
    expect(begunUpgrade(back, begun)).toMatchObject({ to: '3.6.16', current: { from: '3.5.35', to: '3.6.16' } });
    expect(begunUpgrade(back, begun).current).not.toHaveProperty('back');
  });

  test('is not the one of a record that ended before the lock was taken', () => {
    const ended = { ...halted, endedAt: 'then' };
    expect(planned({ upgrade: ended, lock: { ...heldLock, token: 8 } }, { action: 'resume' })).toMatchObject({
      reasons: [expect.stringContaining('first took the lock and noted nothing')],
    });
    // Its own lock: there is nothing left but to release it, whatever was abandoned.
    expect(planned({ upgrade: ended, lock: heldLock }, { action: 'resume' })).toMatchObject({ plan: { hops: [] } });
  });

  test('gives the group back first that it has not given back', () => {
    expect(planned({}, { to: '3.6.16' })).toMatchObject({ plan: { owesGroup: false } });
    const rotation = { reason: 'r' } as UpgradeFacts['rotation'];
    expect(planned({ rotation }, { to: '3.6.16' })).toMatchObject({ plan: { owesGroup: true } });
  });

  test('is left where it is, whatever the members say', () => {
    expect(planAbandonment({ upgrade: halted, lock: heldLock }, 'etcd')).toMatchObject({
      plan: { hops: [], goesOnWith: halted.beganAt },
    });
    expect(planAbandonment({ upgrade: null, lock: heldLock }, 'etcd')).toMatchObject({ plan: { goesOnWith: null } });
    expect(planAbandonment({ upgrade: halted, lock: null }, 'etcd')).toMatchObject({
      reasons: [expect.stringContaining('no halted upgrade to abandon')],
    });
  });

  test('goes on with a halted upgrade to where it was going', () => {
    expect(planned({ upgrade: halted, lock: heldLock }, { action: 'resume' })).toMatchObject({
      plan: { to: '3.6.16', goesOnWith: halted.beganAt },
    });
    const ended = { ...halted, endedAt: 'then' };
    expect(planned({ upgrade: ended }, { action: 'resume' })).toMatchObject({ verdict: 'refused' });
    // It had ended, and was stopped before it released the lock.
    expect(planned({ upgrade: ended, lock: heldLock }, { action: 'resume' })).toMatchObject({ verdict: 'planned' });
    expect(planned({ upgrade: ended, lock: heldLock }, { action: 'rollBack' })).toMatchObject({ verdict: 'refused' });
  });
});

describe('the next member', () => {
  const next = (surveys: readonly MemberSurvey[]) => chooseMember(surveys, hop());
  const done = { version: '3.6.16' };

  test('is a follower first, the leader last', () => {
    expect(next(names.map((name) => surveyOf(name)))).toMatchObject({
      next: { member: 'i-1', leads: false, remaining: 3 },
    });
    expect(next([surveyOf('i-1', done), surveyOf('i-2', done), surveyOf('i-3')])).toMatchObject({
      next: { member: 'i-3', leads: true },
    });
    expect(next(names.map((name) => surveyOf(name, done)))).toMatchObject({ next: { step: 'done', members: names } });
  });

  test('is one that runs the release with other flags', () => {
    expect(
      next([surveyOf('i-1', done, { snapshotCount: 100 }), surveyOf('i-2', done), surveyOf('i-3', done)]),
    ).toMatchObject({
      next: { member: 'i-1', remaining: 1 },
    });
  });

  test('is the only one that is not well, also where it was swapped already, and nobody while two are not', () => {
    const unwell = { unwell: 'i-2 sees no leader' };
    expect(next([surveyOf('i-1'), surveyOf('i-2', { ...unwell, ...done }), surveyOf('i-3')])).toMatchObject({
      next: { member: 'i-2' },
    });
    expect(next([surveyOf('i-1'), surveyOf('i-2', unwell), surveyOf('i-3')])).toMatchObject({
      next: { member: 'i-2' },
    });
    expect(next([surveyOf('i-1', { unwell: 'x' }), surveyOf('i-2', unwell), surveyOf('i-3')])).toMatchObject({
      verdict: 'halted',
    });
    expect(next([silent('i-1'), surveyOf('i-2', done), surveyOf('i-3', done)])).toMatchObject({
      next: { member: 'i-1' },
    });
  });
});

describe('the member whose step was the last one', () => {
  test('is not chosen again: its command has ended, and would only say so', () => {
    const done = { version: '3.6.16' };
    const sick = [surveyOf('i-1', { ...done, unwell: 'i-1 is slow' }), surveyOf('i-2'), surveyOf('i-3')];
    expect(chooseMember(sick, hop(), 'i-1')).toEqual({
      verdict: 'halted',
      problems: ['i-1 has ended its step and is not as it should be', 'i-1 is slow'],
    });
    const undone = names.map((name) => surveyOf(name));
    expect(chooseMember(undone, hop(), 'i-1')).toMatchObject({ verdict: 'halted' });
    expect(chooseMember(undone, hop(), 'i-3')).toMatchObject({ next: { member: 'i-1' } });
  });

  test('is chosen where it is alone and does not answer, since nobody says who is a member', () => {
    const alone = surveyOf('i-1', { unwell: 'i-1: etcd does not run' });
    Object.assign(alone.survey?.description ?? {}, { member: null });
    expect(chooseMember([alone], hop())).toMatchObject({ next: { member: 'i-1' } });
  });
});

describe('the members', () => {
  test('are those of the group: where one was lost, nobody is touched', () => {
    const lost = ['i-1', 'i-2'].map((name) => surveyOf(name));
    expect(chooseMember(lost, hop())).toEqual({
      verdict: 'halted',
      problems: ['the member i-3 has no instance in the group'],
    });
    const replaced = [...lost, surveyOf('i-4', { unwell: 'i-4 waits' })];
    expect(chooseMember(replaced, hop())).toEqual({
      verdict: 'halted',
      problems: ['the member i-3 has no instance in the group', 'i-4 is not a member'],
    });
  });
});

describe('backups', () => {
  const kinds = (from: string, v2Keys: string[] | null = null) =>
    backupsOf({ surveys: names.map((name) => surveyOf(name, {}, { v2Keys })) }, hop({ from })).map(
      ({ member, format }) => `${member} ${format}`,
    );

  test('are the backend of one member from 3.0 on, and every member’s data on 2.x and while there are v2 keys', () => {
    expect(kinds('3.5.35')).toEqual(['i-1 db']);
    expect(kinds('2.3.8', ['/a'])).toEqual(['i-1 tar.gz', 'i-2 tar.gz', 'i-3 tar.gz']);
    expect(kinds('3.3.27', ['/a'])).toEqual(['i-1 db', 'i-1 tar.gz', 'i-2 tar.gz', 'i-3 tar.gz']);
    expect(backupsOf({ surveys: [] }, hop({ kind: 'patch' }))).toEqual([]);
    const deleting = hop({ kind: 'restart', to: '3.5.35', deletesV2Keys: true });
    expect(backupsOf({ surveys: [surveyOf('i-1')] }, deleting)).toEqual([{ member: 'i-1', format: 'tar.gz' }]);
  });
});

describe('newcomers', () => {
  test('join as the hop’s release, into 3.0 as what the cluster runs', () => {
    expect(joinAs(hop({ snapshotCount: 100 }))).toEqual({ version: '3.6.16', snapshotCount: 100, v2Api: false });
    expect(joinAs(hop({ from: '2.3.8', to: '3.0.17', snapshotCount: 100 }))).toEqual({
      version: '2.3.8',
      snapshotCount: 0,
      v2Api: false,
    });
  });

  test('of a hop that is gone on with belong to the rotation that it began', () => {
    const first = admission(hop(), halted, null);
    expect(first.plan.goesOnWith).toBeNull();
    const rotation = { reason: first.request.reason, beganAt: 'then' } as UpgradeFacts['rotation'];
    expect(admission(hop(), halted, rotation).plan.goesOnWith).toBe('then');
    expect(admission(hop(), { ...halted, beganAt: 'another' }, rotation).plan.goesOnWith).toBeNull();
  });
});

describe('the record', () => {
  const beginning = (input: object) => {
    const checked = request(input);
    const planned = planUpgrade(facts({ upgrade: halted, lock: heldLock }), checked, 'etcd');
    if (planned.verdict === 'refused') throw new Error(planned.reasons.join());
    return { cluster: 'etcd', execution: 'second', token: 8, now: 'now', request: checked, plan: planned.plan };
  };

  test('is gone on with, taken back, or begun anew', () => {
    expect(begunUpgrade(halted, beginning({ action: 'resume' }))).toMatchObject({
      token: 8,
      to: '3.6.16',
      current: halted.current,
    });
    expect(begunUpgrade(halted, beginning({ action: 'rollBack' }))).toMatchObject({
      token: 8,
      to: '3.5.35',
      current: { ...halted.current, back: true },
    });
    const anew = begunUpgrade(
      { ...halted, flip: { clusterVersion: '3.5.0', raftIndex: 9 } },
      beginning({ to: '3.6.16' }),
    );
    // The hop that was halted is finished first, where its members run it already.
    expect(anew).toMatchObject({ token: 8, beganAt: 'now', done: [], flip: { raftIndex: 9 }, current: halted.current });
    const ended = begunUpgrade({ ...halted, endedAt: 'then' }, beginning({ to: '3.6.16' }));
    expect(ended.current).toBeUndefined();
  });

  test('notes what is under way, what is done, and when the cluster version changed', () => {
    const under = withHop(halted, hop());
    expect(under.current).toEqual({ from: '3.5.35', to: '3.6.16' });
    const flipped = [5, 7].map((raftIndex) => ({ member: 'i', clusterVersion: '3.6.0', raftIndex }));
    const noted = notedHop(under, hop(), flipped, 'then');
    expect(noted).toMatchObject({
      done: [{ to: '3.6.16', endedAt: 'then' }],
      flip: { clusterVersion: '3.6.0', raftIndex: 7 },
    });
    expect(noted.current).toBeUndefined();
    // The same version later: snapshots before it already cover the change.
    const again = notedHop(
      noted,
      hop({ kind: 'patch' }),
      [{ member: 'i', clusterVersion: '3.6.0', raftIndex: 99 }],
      'later',
    );
    expect(again.flip?.raftIndex).toBe(7);
  });
});
