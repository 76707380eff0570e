/** What an upgrade decides from surveys and records. */
import { describe, expect, test } from '@jest/globals';
import type { UpgradeRecord } from '#etcd/record.ts';
import type { Survey } from '../../../agent/protocol.ts';
import type { CheckedUpgrade, Hop } from '../../../tasks/catalogue.ts';
import { admission, joinAs } from '../../../tasks/plan/admission.ts';
import { type MemberSurvey, type UpgradeFacts, upgradeProblems } from '../../../tasks/plan/upgradeFacts.ts';
import { chooseMember } from '../../../tasks/plan/upgradeMembers.ts';
import { backupsOf, planUpgrade } from '../../../tasks/plan/upgradePlan.ts';
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
    raftIndex: 1_000,
    snapshotIndex: 0,
    snapshotCount: 0,
    v2Api: false,
    dataBytes: 1_000_000,
    freeBytes: 10 * gib,
    releasesFreeBytes: 10 * gib,
    arch: 'amd64',
    releases: ['3.5.35'],
    clockMs: 1_000_000,
    authEnabled: false,
    v2Keys: null,
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
  group: whole,
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
    const { lasting, passing } = upgradeProblems(facts(changes), { strategy: 'inPlace' });
    return [...lasting, ...passing];
  };

  test('finds nothing against a healthy cluster', () => expect(problems({})).toEqual([]));

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
      { group: groupOf([instance('i-1'), instance('i-2')]) },
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

  test('asks for room in the group where instances are replaced', () => {
    const full = groupOf(whole.instances, { maxSize: 3 });
    expect(upgradeProblems(facts({ group: full }), { strategy: 'replace' }).lasting.join()).toContain(
      'no room for a successor',
    );
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

  test('is nobody while another is not well, unless it is the only one and open itself', () => {
    const unwell = { unwell: 'i-2 sees no leader' };
    expect(next([surveyOf('i-1'), surveyOf('i-2', { ...unwell, ...done }), surveyOf('i-3')])).toMatchObject({
      verdict: 'halted',
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
      current: halted.current,
    });
    const anew = begunUpgrade(
      { ...halted, flip: { clusterVersion: '3.5.0', raftIndex: 9 } },
      beginning({ to: '3.6.16' }),
    );
    expect(anew).toMatchObject({ token: 8, beganAt: 'now', done: [], flip: { raftIndex: 9 } });
    expect(anew.current).toBeUndefined();
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
