/** What RotateInstances keeps in the record, and what follows from it for the group. Pure. */
import type { CurrentReplacement, RotationRecord } from '#etcd/record.ts';
import { type GroupState, stayingInstances, withinBounds } from './group.ts';
import type { RotationRequest } from './rotationRequest.ts';

/**
 * Auto Scaling processes that would take or replace instances by themselves. Launch and Terminate go on: without them no
 * instance could be replaced. HealthCheck only marks.
 */
export const interfering = [
  'AZRebalance',
  'ReplaceUnhealthy',
  'AlarmNotification',
  'ScheduledActions',
  'InstanceRefresh',
] as const;

/** Instances that stay and are not the successor that is being brought up. */
export function settledInstances(record: RotationRecord | null, group: GroupState): readonly string[] {
  const ids = stayingInstances(group).map(({ instanceId }) => instanceId);
  const known = knownBefore(record, group);
  return known === null ? ids : ids.filter((id) => known.includes(id));
}

/** The successor's instance, while the group has one more than it should; null where there is none yet. */
export function surplusInstance(record: RotationRecord | null, group: GroupState): string | null {
  const known = knownBefore(record, group);
  if (known === null) return null;
  return stayingInstances(group).find(({ instanceId }) => !known.includes(instanceId))?.instanceId ?? null;
}

/** Null where no successor was asked for: then all instances are settled. */
function knownBefore(record: RotationRecord | null, group: GroupState): readonly string[] | null {
  if (record?.current === undefined || record.restoredAt !== undefined) return null;
  return group.desiredCapacity > withinBounds(group, record.desiredCapacity) ? record.current.known : null;
}

/** Instances of the list that are still to be replaced. */
export function remainingInstances(record: RotationRecord, group: GroupState): readonly string[] {
  const staying = stayingInstances(group).map(({ instanceId }) => instanceId);
  return record.instances.filter((id) => staying.includes(id));
}

export interface Beginning {
  readonly cluster: string;
  readonly execution: string;
  readonly token: number;
  /** ISO 8601 */
  readonly now: string;
  readonly request: Pick<RotationRequest, 'reason' | 'instances'>;
  /** As `goesOn` says of the record that is there. */
  readonly goesOn: boolean;
}

/**
 * Whether a request goes on with a rotation that did not reach its end: it has the same reason.
 * @param heldToken of the lock, where an execution that has ended never released it
 */
export function goesOn(
  previous: RotationRecord | null,
  { reason }: Pick<RotationRequest, 'reason'>,
  heldToken: number | null,
): boolean {
  if (previous === null || previous.reason !== reason) return false;
  return !isFinished(previous) || previous.token === heldToken;
}

function isFinished({ instances, replaced, current, restoredAt }: RotationRecord): boolean {
  const done = replaced.map(({ old }) => old);
  return restoredAt !== undefined && current === undefined && instances.every((id) => done.includes(id));
}

/** What a rotation begins with. */
export interface BeginsWith {
  /** The group that it begins with, or is at. */
  readonly group: GroupState;
  /** Instances of all regions that stay and are no successor. */
  readonly settled: readonly string[];
}

/**
 * The record as a rotation begins, from the one that is there. What an earlier one has not put back is taken over from it,
 * as the group does not say any more how it was; `all` means all that were there when the operation began.
 */
export function begunRotation(
  previous: RotationRecord | null,
  { group, settled }: BeginsWith,
  begin: Beginning,
): RotationRecord {
  const { cluster, execution, token, now, request } = begin;
  const owed = owedBy(previous);
  const earlier = begin.goesOn ? previous : null;
  const all = earlier?.instances ?? settled;
  return {
    cluster,
    item: 'rotation',
    token,
    execution,
    reason: request.reason,
    region: group.region,
    beganAt: earlier?.beganAt ?? now,
    instances: request.instances === 'all' ? all : request.instances,
    desiredCapacity: withinBounds(group, owed?.desiredCapacity ?? group.desiredCapacity),
    suspended: suspendedBy(owed, group),
    replaced: earlier?.replaced ?? [],
    ...(owed?.current !== undefined && { current: owed.current }),
  };
}

/** A rotation that has not given its group back. */
export function owedBy(rotation: RotationRecord | null): RotationRecord | null {
  return rotation !== null && rotation.restoredAt === undefined ? rotation : null;
}

/** The processes that a rotation suspends, or has suspended, and is to resume. */
export function suspendedBy(owed: RotationRecord | null, { suspendedProcesses }: GroupState): readonly string[] {
  const already = owed?.suspended ?? [];
  return interfering.filter((process) => already.includes(process) || !suspendedProcesses.includes(process));
}

/** The current replacement is over: its old member has left. */
export function notedReplacement(record: RotationRecord, now: string): RotationRecord {
  const { current, ...rest } = record;
  if (current === undefined) return record;
  const { old, successor = null, beganAt } = current;
  return { ...rest, replaced: [...record.replaced, { old, successor, beganAt, endedAt: now }] };
}

export function withCurrent(record: RotationRecord, current: CurrentReplacement): RotationRecord {
  return { ...record, current };
}

/** What gives the group back what a rotation took from it. */
export interface Restoration {
  /** Of the suspended processes. */
  readonly resume: readonly string[];
  /** A successor too many: it is terminated, and the desired capacity falls with it. Otherwise Auto Scaling would choose. */
  readonly terminate: string | null;
  /** Null: it is right, or becomes right with the termination. */
  readonly desiredCapacity: number | null;
}

export function restorationOf(record: RotationRecord, group: GroupState): Restoration {
  const resume = record.suspended.filter((process) => group.suspendedProcesses.includes(process));
  const wanted = withinBounds(group, record.desiredCapacity);
  if (group.desiredCapacity === wanted) return { resume, terminate: null, desiredCapacity: null };
  const surplus = group.desiredCapacity === wanted + 1 ? surplusInstance(record, group) : null;
  return { resume, terminate: surplus, desiredCapacity: surplus === null ? wanted : null };
}
