/** What the members' surveys say together, and what is in the way of an upgrade: every reason, not only the first. Pure. */
import { commonNames } from '#etcd/certificates.ts';
import { knownBad } from '#etcd/hops.ts';
import { factsOf } from '#etcd/minors.ts';
import type { BootstrapRecord, LockRecord, RotationRecord, UpgradeRecord } from '#etcd/record.ts';
import { compareVersions, type Minor, minorOf } from '#etcd/versions.ts';
import type { Survey } from '../../agent/protocol.ts';
import type { CheckedUpgrade } from '../catalogue.ts';
import { isOf } from './admission.ts';
import { type GroupState, stayingInAll, stayingInstances } from './group.ts';
import type { LadderFacts } from './ladder.ts';
import { healthProblems, listedNames, listProblems, type MemberReport } from './memberReports.ts';
import { type Problems, preflightProblems } from './rotationPreflight.ts';

export interface MemberSurvey {
  readonly instanceId: string;
  /** Null where its agent did not answer. */
  readonly survey: Survey | null;
  /** Why it did not. */
  readonly problem: string;
  /** Epoch milliseconds of the task when the answer came. */
  readonly answeredAtMs: number;
}

export interface Release {
  readonly version: string;
  readonly from: 'bucket' | 'official';
  /** Null: all that the members may be of. */
  readonly arch: Survey['arch'] | null;
}

export interface UpgradeFacts {
  readonly bootstrap: BootstrapRecord | null;
  readonly lock: LockRecord | null;
  /** Whether the lock's holder is an earlier execution of RollingUpgrade that has ended. */
  readonly holderEnded: boolean;
  readonly rotation: RotationRecord | null;
  readonly upgrade: UpgradeRecord | null;
  /** Of each region, home first. */
  readonly groups: readonly GroupState[];
  readonly surveys: readonly MemberSurvey[];
  /** That can be had for the instances' architecture. */
  readonly releases: readonly Release[];
}

/** An archive and what is unpacked from it, in bytes, and as much again. */
const roomForRelease = 400 * 1024 ** 2;
/** Beside a backup, for the log that goes on. */
const leastRoom = 256 * 1024 ** 2;
/** Milliseconds between an instance's clock and the task's, with the way there and back. */
const clockToleranceMs = 10_000;
/** Raft entries that a member may be behind another: etcd keeps 5,000 for those that catch up (numberOfCatchUpEntries). */
const raftReach = 1_000;

export function reportsOf(surveys: readonly MemberSurvey[]): readonly MemberReport[] {
  return surveys.map(({ instanceId, survey, problem }) => ({
    instanceId,
    description: survey?.description ?? null,
    problem,
  }));
}

/** Members without an instance of the group, and instances that are no members: a member was lost meanwhile. */
export function strangersIn(surveys: readonly MemberSurvey[]): readonly string[] {
  const listed = listedNames(reportsOf(surveys));
  // Where no member answers, nobody says who is one.
  if (listed.length === 0) return [];
  const names = surveys.map(({ instanceId }) => instanceId);
  return [
    ...listed.filter((name) => !names.includes(name)).map((name) => `the member ${name} has no instance in the group`),
    ...names.filter((name) => !listed.includes(name)).map((name) => `${name} is not a member`),
  ];
}

/** Who else has the lock; nothing where it is free, or its holder is an upgrade that has ended. */
export function lockProblems({ lock, holderEnded }: Pick<UpgradeFacts, 'lock' | 'holderEnded'>): readonly string[] {
  if (lock?.holder === undefined || holderEnded) return [];
  return [`${lock.holder} holds the lock since ${lock.takenAt} (${lock.purpose})`];
}

/** What stands against an upgrade now. */
export function upgradeProblems(
  facts: UpgradeFacts,
  { strategy, action }: Pick<CheckedUpgrade, 'strategy' | 'action'>,
): Problems {
  const { bootstrap, rotation, upgrade, surveys } = facts;
  // The way back must not hang on room or clocks: it needs nothing that is not there.
  if (action === 'rollBack') return { lasting: lockProblems(facts), passing: [] };
  const reports = reportsOf(surveys);
  const owed = rotation !== null && rotation.restoredAt === undefined && !isOf(rotation, upgrade) ? rotation : null;
  return {
    lasting: [
      ...(strategy === 'replace' ? replacementProblems(facts, reports) : []),
      ...(bootstrap?.createdAt === undefined
        ? ['the cluster was never recorded as created: run ClusterBootstrap first']
        : []),
      ...lockProblems(facts),
      ...(owed !== null
        ? [`a rotation that began at ${owed.beganAt} has not given the group back: start RotateInstances again first`]
        : []),
      ...surveys.flatMap(roomProblems),
      ...surveys.flatMap(clockProblems),
    ],
    passing: [
      ...groupProblems(facts),
      ...authProblems(surveys, healthProblems(reports)),
      ...listProblems(reports, []),
      ...reachProblems(surveys),
      ...flipProblems(surveys),
      ...v2Problems(facts),
    ],
  };
}

/** Of instances that are replaced: room in the group for a successor, and the like. */
function replacementProblems(facts: UpgradeFacts, reports: readonly MemberReport[]): readonly string[] {
  const { groups, rotation } = facts;
  return preflightProblems({ created: true, lock: null, holderEnded: false, groups, rotation, reports }).lasting;
}

export function groupProblems(
  { groups, surveys }: Pick<UpgradeFacts, 'groups' | 'surveys'>,
  changed = 'upgraded',
): string[] {
  const staying = stayingInAll(groups);
  const listed = new Set(
    surveys.flatMap(({ survey }) => survey?.description.member?.members.map(({ name }) => name) ?? []),
  );
  return [
    ...groups.flatMap((group) => {
      const there = stayingInstances(group).length;
      if (there === group.desiredCapacity) return [];
      return [`${group.name} in ${group.region} has ${there} instances where ${group.desiredCapacity} are wanted`];
    }),
    ...staying
      .filter(({ lifecycleState, health }) => lifecycleState !== 'InService' || health.toLowerCase() !== 'healthy')
      .map(({ instanceId, lifecycleState, health }) => `${instanceId} is ${lifecycleState}, ${health} in the group`),
    ...(listed.size === 2
      ? [`a cluster of two members cannot be ${changed} while it serves: make it three first`]
      : []),
  ];
}

/** With auth on, agents without a user find every member unwell: one sentence that says so instead. */
export function authProblems(surveys: readonly MemberSurvey[], unwell: readonly string[]): readonly string[] {
  if (unwell.length === 0 || !surveys.some(({ survey }) => survey?.authEnabled)) return unwell;
  return [
    `auth is on, and the agents find the members unwell: they need a cluster that speaks TLS and a user ${commonNames.client} with the role root (docs/security.md, "Users of etcd"); or turn auth off for the upgrade (etcdctl auth disable), and on again after it; into 3.5 etcd itself allows no rolling upgrade with auth on (etcd issue 11943)`,
  ];
}

function roomProblems({ instanceId, survey }: MemberSurvey): string[] {
  if (survey === null) return [];
  const needed = survey.backupBytes + leastRoom;
  const mib = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2)} MiB`;
  return [
    ...(survey.freeBytes >= needed
      ? []
      : [`the data volume of ${instanceId} has ${mib(survey.freeBytes)} left, and ${mib(needed)} are needed`]),
    ...(survey.releasesFreeBytes >= roomForRelease
      ? []
      : [
          `the volume with the releases of ${instanceId} has ${mib(survey.releasesFreeBytes)} left, and ${mib(roomForRelease)} are needed`,
        ]),
  ];
}

export function clockProblems({ instanceId, survey, answeredAtMs }: MemberSurvey): string[] {
  if (survey === null) return [];
  const apartMs = Math.abs(survey.clockMs - answeredAtMs);
  if (apartMs <= clockToleranceMs) return [];
  return [`the clock of ${instanceId} is ${Math.round(apartMs / 1000)} s off: see that its time is set (chronyd)`];
}

export function reachProblems(surveys: readonly MemberSurvey[]): string[] {
  const known = surveys.flatMap(({ instanceId, survey }) =>
    survey?.raftIndex == null ? [] : [{ instanceId, raftIndex: survey.raftIndex }],
  );
  const newest = Math.max(0, ...known.map(({ raftIndex }) => raftIndex));
  return known
    .filter(({ raftIndex }) => newest - raftIndex > raftReach)
    .map(({ instanceId, raftIndex }) => `${instanceId} is ${newest - raftIndex} entries behind`);
}

/** Whose v2 store could not be listed, and why. */
export function v2Problems({ surveys }: Pick<UpgradeFacts, 'surveys'>): readonly string[] {
  return surveys.flatMap(({ instanceId, survey }) =>
    survey === null || survey.v2Problem === ''
      ? []
      : [`the v2 store of ${instanceId} could not be listed: ${survey.v2Problem}`],
  );
}

/** Members that all run one minor raise the cluster version to it within seconds. */
function flipProblems(surveys: readonly MemberSurvey[]): string[] {
  const known = surveys.flatMap(({ survey }) => survey?.description ?? []);
  const running = new Set(known.map(({ etcd }) => minorOf(etcd.version ?? '')));
  const [minor] = running;
  if (running.size !== 1 || minor == null) return [];
  return known.flatMap(({ instanceId, member }) => {
    const reported = member?.clusterVersion ?? null;
    if (reported === null || minorOf(reported) === minor) return [];
    return [`${instanceId} reports the cluster version ${reported}, where every member runs ${minor}`];
  });
}

/** What the planner goes by. */
export function ladderFacts(
  { bootstrap, upgrade, surveys, releases }: UpgradeFacts,
  { action, v2Keys }: Pick<CheckedUpgrade, 'action' | 'v2Keys'>,
): LadderFacts {
  const known = surveys.flatMap(({ survey }) => (survey === null ? [] : [survey]));
  const versions = known.flatMap(({ description }) => description.etcd.version ?? []);
  const clusterVersion = known[0]?.description.member?.clusterVersion ?? null;
  const flip = upgrade?.flip !== undefined && upgrade.flip.clusterVersion === clusterVersion ? upgrade.flip : null;
  const found = known.find((survey) => survey.v2Keys !== null)?.v2Keys ?? null;
  const goesOn = upgrade !== null && upgrade.endedAt === undefined;
  const deletes = v2Keys === 'delete' || (action !== 'upgrade' && goesOn && upgrade.v2Keys === 'delete');
  return {
    v2Keys: found,
    v2Api: known.some(({ v2Api }) => v2Api),
    deletesV2Keys: deletes && !(goesOn && upgrade.v2Keys === 'deleted'),
    versions,
    bornAt: bootstrap?.etcdVersion ?? versions[0] ?? '',
    snapshotsCover: flip !== null && known.every(({ snapshotIndex }) => snapshotIndex >= flip.raftIndex),
    authEnabled: known.some(({ authEnabled }) => authEnabled),
    dataBytes: Math.max(0, ...known.map(({ dataBytes }) => dataBytes)),
    releaseOf: (minor, least) => releaseOf(releasesFor(known, releases), minor, least),
  };
}

/** Those that every member can run. */
export function releasesFor(surveys: readonly Survey[], releases: readonly Release[]): readonly Release[] {
  return releases.filter(({ arch }) => arch === null || surveys.every((survey) => survey.arch === arch));
}

/** The newest of the bucket, which an operator filled on purpose; else the newest of the etcd project that is known. */
function releaseOf(releases: readonly Release[], minor: Minor, least: string | null): string | null {
  const fits = (version: string) =>
    minorOf(version) === minor &&
    knownBad(version) === null &&
    (least === null || compareVersions(version, least) >= 0);
  const inBucket = releases.filter(({ from, version }) => from === 'bucket' && fits(version));
  const [newest] = inBucket.map(({ version }) => version).sort((a, b) => compareVersions(b, a));
  if (newest !== undefined) return newest;
  const { latestPatch } = factsOf(`${minor}.0`);
  return fits(latestPatch) && releases.some(({ version }) => version === latestPatch) ? latestPatch : null;
}
