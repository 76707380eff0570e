/** Whether instances can be replaced now: every reason against it, not only the first. Pure. */
import { factsOf } from '#etcd/minors.ts';
import type { LockRecord, RotationRecord } from '#etcd/record.ts';
import { type GroupState, stayingInstances, withinBounds } from './group.ts';
import { healthProblems, listProblems, type MemberReport } from './memberReports.ts';
import { rotatedGroup } from './rotatedGroups.ts';
import { settledInstances, surplusInstance } from './rotationRecord.ts';

export interface PreflightFacts {
  /** Of the bootstrap record. */
  readonly created: boolean;
  readonly lock: LockRecord | null;
  /** Whether the lock's holder is an earlier execution of the same machine that has ended: its work is gone on with. */
  readonly holderEnded: boolean;
  /** Of each region, home first. */
  readonly groups: readonly GroupState[];
  readonly rotation: RotationRecord | null;
  /** One of each settled instance. */
  readonly reports: readonly MemberReport[];
}

export interface Problems {
  /** Waiting does not help against these. */
  readonly lasting: readonly string[];
  /** Of members: an election or a busy moment passes. */
  readonly passing: readonly string[];
}

export function preflightProblems(facts: PreflightFacts): Problems {
  const { created, lock, holderEnded, reports } = facts;
  const lasting = [
    ...(created ? [] : ['the cluster was never recorded as created: run ClusterBootstrap first']),
    ...(lock?.holder === undefined || holderEnded
      ? []
      : [`${lock.holder} holds the lock since ${lock.takenAt} (${lock.purpose})`]),
    ...facts.groups.flatMap((group) => groupProblems(group, rotationAt(group, facts))),
    ...aloneProblems(reports),
  ];
  return { lasting, passing: memberProblems(facts) };
}

/** The rotation, where it is at this group. */
function rotationAt(group: GroupState, { groups, rotation }: PreflightFacts): RotationRecord | null {
  return rotatedGroup(rotation, groups) === group ? rotation : null;
}

function groupProblems(group: GroupState, rotation: RotationRecord | null): string[] {
  const { name, maxSize, minSize, desiredCapacity, suspendedProcesses } = group;
  const owed = rotation !== null && rotation.restoredAt === undefined ? rotation : null;
  const wanted = owed === null ? desiredCapacity : withinBounds(group, owed.desiredCapacity);
  const settled = settledInstances(rotation, group);
  const stopped = ['Launch', 'Terminate'].filter((process) => suspendedProcesses.includes(process));
  return [
    ...stopped.map((process) => `the group's process ${process} is suspended, so that nothing can be replaced`),
    ...(wanted < maxSize ? [] : [`the group's max size ${maxSize} leaves no room for a successor`]),
    ...(desiredCapacity <= wanted + 1 && wanted >= minSize
      ? []
      : [`the desired capacity of ${name} is ${desiredCapacity} where ${wanted} was noted`]),
    ...(settled.length === wanted ? [] : [`${name} has ${settled.length} instances where ${wanted} are wanted`]),
    ...stayingInstances(group)
      .filter(({ instanceId }) => settled.includes(instanceId))
      .filter(({ lifecycleState, health }) => lifecycleState !== 'InService' || health.toLowerCase() !== 'healthy')
      .map(({ instanceId, lifecycleState, health }) => `${instanceId} is ${lifecycleState}, ${health} in the group`),
  ];
}

/** Before 3.4 a successor is a voter at once, and two voters, one of which may not start, have no quorum. */
function aloneProblems(reports: readonly MemberReport[]): string[] {
  const [only, ...others] = reports;
  const version = only?.description?.etcd.version ?? null;
  if (only === undefined || others.length > 0 || version === null || factsOf(version).learners) return [];
  return [`${only.instanceId} is the only member, and etcd ${version} cannot add another without risking its quorum`];
}

function memberProblems({ groups, rotation, reports }: PreflightFacts): readonly string[] {
  const owed = rotation !== null && rotation.restoredAt === undefined;
  const surplus = surplusInstance(rotation, rotatedGroup(rotation, groups));
  // Who leaves is listed until it has left; whether it does is waited for where an earlier execution made it leave.
  const leaving = owed && rotation.current !== undefined ? [rotation.current.old] : [];
  const allowed = [...leaving, ...(surplus === null ? [] : [surplus])];
  return [...healthProblems(reports), ...listProblems(reports, allowed)];
}
