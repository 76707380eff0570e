/**
 * The metrics of a cluster, as records of CloudWatch's embedded metric format: a log line that says of itself which of its
 * fields are metrics (AWS: Specification: Embedded metric format). Pure.
 */
import type { Finding } from './housekeeping.ts';
import type { KnownMember } from './knownMembers.ts';
import { quorum } from './membership.ts';
import type { LockRecord } from './record.ts';

export const metricNamespace = 'EtcdAppliance';

/** Seconds between two records of an agent. */
export const metricPeriodSeconds = 60;

type Unit = 'Count' | 'Bytes' | 'Seconds';

/** Each agent's own: with the dimensions `Cluster` and `Member`, and once more with `Cluster` alone, for alarms on all of them. */
export const memberMetrics = {
  /** 0 or 1, as the next three. */
  MemberHealthy: 'Count',
  IsLeader: 'Count',
  /** Whether it follows a leader, or is one. */
  HasLeader: 'Count',
  CrashLooping: 'Count',
  /** Its agent waits to join, or joins; 0 or 1. */
  WaitingToJoin: 'Count',
  /** Its instance is being terminated, and the member has not left yet; 0 or 1. */
  Leaving: 'Count',
  /** Other leaders that it has seen since its last record. */
  LeaderChanges: 'Count',
  /** Starts of the agent after its first one, since its last record. */
  AgentRestarts: 'Count',
  /** Ends of etcd that nobody meant, since its last record. */
  EtcdCrashes: 'Count',
  /** Of the v3 backend; none on 2.x. */
  DatabaseSize: 'Bytes',
  /** What is left when it is defragmented; from 3.4 on. */
  DatabaseSizeInUse: 'Bytes',
  DatabaseQuota: 'Bytes',
  /** Until the first of its instance's certificates ends; none without TLS. */
  CertificateLifeLeft: 'Seconds',
} as const satisfies Record<string, Unit>;

/** What the leader's agent says for all of them, with the dimension `Cluster`. */
export const clusterMetrics = {
  /** The group's desired capacity. */
  MembersWanted: 'Count',
  Voters: 'Count',
  HealthyVoters: 'Count',
  Learners: 'Count',
  /** Healthy voters that may fail until the quorum is lost; below 0 it is. */
  QuorumMargin: 'Count',
  /** Healthy voters that are missing to what the group wants. */
  MembersMissing: 'Count',
  DeadMembers: 'Count',
  LateNewcomers: 'Count',
  /** Housekeeping finds fewer, or more, voters than the group wants; 0 or 1. */
  TooFewMembers: 'Count',
  SurplusMembers: 'Count',
  /** Members with this alarm of etcd's. */
  NoSpaceAlarms: 'Count',
  CorruptAlarms: 'Count',
  /** Different etcd versions beyond the first. */
  VersionSkew: 'Count',
  /** 0 or 1, as the next one. */
  DnsNotOurs: 'Count',
  DnsUnknown: 'Count',
  /** 0 or 1; absent where the lock cannot be read. */
  LockHeld: 'Count',
  LockHeldFor: 'Seconds',
} as const satisfies Record<string, Unit>;

export type MemberMetric = keyof typeof memberMetrics;
export type ClusterMetric = keyof typeof clusterMetrics;

/** What is absent is not known, and then it is no metric. */
export type Values<Metric extends string> = Readonly<Partial<Record<Metric, number>>>;

export interface DatabaseSize {
  readonly bytes: number;
  /** Null before 3.4. */
  readonly inUseBytes: number | null;
  /** Where etcd stops taking writes. */
  readonly quotaBytes: number;
}

/** What etcd takes where it is not told otherwise (etcd server/storage: DefaultQuotaBytes). */
const defaultQuotaBytes = 2 * 1024 ** 3;

/** The quota of an etcd that was started with these arguments. */
export function quotaBytesOf(args: readonly string[]): number {
  const flag = '--quota-backend-bytes=';
  const value = Number(args.findLast((argument) => argument.startsWith(flag))?.slice(flag.length) ?? 0);
  return value > 0 ? value : defaultQuotaBytes;
}

export interface MemberFacts {
  readonly healthy: boolean;
  /** The agent's phase. */
  readonly phase: string;
  readonly isLeader: boolean;
  readonly leaderId: string | null;
  readonly database: DatabaseSize | null;
  /** Since the last record. */
  readonly leaderChanges: number;
  readonly agentRestarts: number;
  readonly etcdCrashes: number;
  /** Null without TLS. */
  readonly certificateSecondsLeft: number | null;
}

export function memberValues(facts: MemberFacts): Values<MemberMetric> {
  const { phase, database, certificateSecondsLeft } = facts;
  return {
    MemberHealthy: Number(facts.healthy),
    IsLeader: Number(facts.isLeader),
    HasLeader: Number(facts.leaderId !== null),
    CrashLooping: Number(phase === 'crashLooping'),
    WaitingToJoin: Number(phase === 'awaitingJoin' || phase === 'joining'),
    Leaving: Number(phase === 'leaving'),
    LeaderChanges: facts.leaderChanges,
    AgentRestarts: facts.agentRestarts,
    EtcdCrashes: facts.etcdCrashes,
    ...(database !== null && { DatabaseSize: database.bytes, DatabaseQuota: database.quotaBytes }),
    ...(database !== null && database.inUseBytes !== null && { DatabaseSizeInUse: database.inUseBytes }),
    ...(certificateSecondsLeft !== null && { CertificateLifeLeft: certificateSecondsLeft }),
  };
}

export interface ClusterFacts {
  readonly members: readonly KnownMember[];
  readonly wanted: number;
  /** X.Y.Z of each member that answers. */
  readonly versions: readonly string[];
  /** Of the last round of housekeeping; null while it is paused. */
  readonly findings: readonly Finding[] | null;
  /** Alarms of all members; null where they could not be had. */
  readonly alarms: readonly string[] | null;
  readonly dns: 'inSync' | 'changed' | 'unknown' | 'notOurs' | null;
  /** Null where it cannot be read. */
  readonly lock: LockRecord | 'never taken' | null;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

export function clusterValues(facts: ClusterFacts): Values<ClusterMetric> {
  const { members, wanted, versions, findings, alarms, dns } = facts;
  const voters = members.filter(({ name, isLearner }) => name !== '' && !isLearner);
  const listed = members.filter(({ isLearner }) => !isLearner).length;
  const healthy = voters.filter((member) => member.healthy).length;
  const found = (kind: Finding['kind']) => new Set(findings?.filter((one) => one.kind === kind).map(subject)).size;
  return {
    MembersWanted: wanted,
    Voters: listed,
    HealthyVoters: healthy,
    Learners: members.length - listed,
    QuorumMargin: healthy - quorum(listed),
    MembersMissing: Math.max(0, wanted - healthy),
    ...(findings !== null && {
      DeadMembers: found('deadMember'),
      LateNewcomers: found('lateNewcomer'),
      TooFewMembers: found('memberMissing'),
      SurplusMembers: found('surplusMember'),
    }),
    ...(alarms !== null && {
      NoSpaceAlarms: alarms.filter((alarm) => alarm === 'NOSPACE').length,
      CorruptAlarms: alarms.filter((alarm) => alarm === 'CORRUPT').length,
    }),
    ...(versions.length > 0 && { VersionSkew: new Set(versions).size - 1 }),
    ...(dns !== null && { DnsNotOurs: Number(dns === 'notOurs'), DnsUnknown: Number(dns === 'unknown') }),
    ...lockValues(facts),
  };
}

/** Two findings of one member, that it is dead and why it stays, are one. */
function subject({ text }: Finding): string {
  return /\bi-[0-9a-f]+\b|the member [0-9a-f]+/.exec(text)?.[0] ?? text;
}

function lockValues({ lock, nowMs }: ClusterFacts): Values<ClusterMetric> {
  if (lock === null) return {};
  if (lock === 'never taken' || lock.holder === undefined) return { LockHeld: 0, LockHeldFor: 0 };
  const sinceMs = Date.parse(lock.takenAt ?? '');
  const seconds = Math.max(0, Math.round((nowMs - sinceMs) / 1000));
  return { LockHeld: 1, ...(Number.isFinite(seconds) && { LockHeldFor: seconds }) };
}

/** One line of the log. */
export function metricRecord(
  values: Values<MemberMetric> | Values<ClusterMetric>,
  place: { readonly cluster: string; readonly member: string | null; readonly atMs: number },
): Readonly<Record<string, unknown>> {
  const { cluster, member, atMs } = place;
  const units: Readonly<Record<string, Unit>> = { ...memberMetrics, ...clusterMetrics };
  const metrics = Object.keys(values).map((name) => ({ Name: name, Unit: units[name] }));
  const dimensions = member === null ? [['Cluster']] : [['Cluster', 'Member'], ['Cluster']];
  return {
    _aws: {
      Timestamp: atMs,
      CloudWatchMetrics: [{ Namespace: metricNamespace, Dimensions: dimensions, Metrics: metrics }],
    },
    Cluster: cluster,
    ...(member !== null && { Member: member }),
    ...values,
  };
}

/** Until the middle of the next minute: so each agent is in each minute once, and the count of a minute is that of agents. */
export function untilNextRecordMs(nowMs: number): number {
  const periodMs = metricPeriodSeconds * 1000;
  const intoMs = (((nowMs - periodMs / 2) % periodMs) + periodMs) % periodMs;
  return periodMs - intoMs;
}
