/**
 * An instance refresh: every instance of a group replaced by the group itself, in batches that keep a share of it healthy.
 * Pure. Rounding and order are those of AWS's user guide ("How an instance refresh works") and of RefreshPreferences.
 */
import { type Group, type GroupMember, isLive, isSuspended, isTerminating } from './group.ts';

export interface InstanceRefresh {
  readonly id: string;
  readonly group: string;
  readonly status: 'Pending' | 'InProgress' | 'Successful' | 'Cancelling' | 'Cancelled';
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly preferences: RefreshPreferences;
  /** Ids of the instances to replace. */
  readonly targets: readonly string[];
  /** When the others came into service as far as was seen, epoch milliseconds; 0 where they were there before. */
  readonly inServiceSinceMs: Readonly<Record<string, number>>;
}

export interface RefreshPreferences {
  /** Of the desired capacity, rounded up. */
  readonly minHealthyPercentage: number;
  /** Of the desired capacity, rounded down; null: not given, which is another thing than 100. */
  readonly maxHealthyPercentage: number | null;
  readonly instanceWarmupSeconds: number;
  readonly skipMatching: boolean;
}

export interface RefreshStep {
  /** As it is now known. */
  readonly refresh: InstanceRefresh;
  /** Ids of instances to terminate; the group launches others for them by itself. */
  readonly terminate: readonly string[];
  /** Instances that the group has above its desired capacity meanwhile. */
  readonly surge: number;
  /** When to look again though nothing happens, epoch milliseconds. */
  readonly wakeAtMs: number | null;
}

export function isActive({ status }: InstanceRefresh): boolean {
  return status === 'Pending' || status === 'InProgress' || status === 'Cancelling';
}

/** What to do next for a refresh that is active. @param members those of the group */
export function refreshStep(
  before: InstanceRefresh,
  group: Group,
  members: readonly GroupMember[],
  nowMs: number,
): RefreshStep {
  if (before.status === 'Cancelling') return cancelling(before, group, members, nowMs);
  const refresh = withNewcomers(before, members, nowMs);
  const seen = countsOf(refresh, members, nowMs);
  const surge = surgeOf(refresh, group, seen.left.length);
  if (isSuspended(group, 'InstanceRefresh')) {
    // Nothing is launched or terminated for it, but what was launched stays.
    const above = Math.max(0, members.filter(isLive).length - group.desiredCapacity);
    return { refresh, terminate: [], surge: Math.min(surge, above), wakeAtMs: null };
  }
  if (seen.left.length === 0 && seen.warm.length >= group.desiredCapacity)
    return ended({ ...refresh, status: 'Successful' }, nowMs);
  const mayGo = isSuspended(group, 'Terminate') ? 0 : spareOf(refresh, group, seen.old.length + seen.warm.length);
  const terminate = seen.old.slice(0, mayGo);
  return { refresh: { ...refresh, status: 'InProgress' }, terminate, surge, wakeAtMs: seen.nextWarmAtMs };
}

export interface RefreshProgress {
  readonly percentageComplete: number;
  readonly instancesToUpdate: number;
}

/** An instance counts once its successor is in service and warm. */
export function progressOf(refresh: InstanceRefresh, members: readonly GroupMember[], nowMs: number): RefreshProgress {
  const total = refresh.targets.length;
  if (refresh.status === 'Successful' || total === 0) return { percentageComplete: 100, instancesToUpdate: 0 };
  const { left, warm } = countsOf(refresh, members, nowMs);
  const successors = warm.filter((id) => (refresh.inServiceSinceMs[id] ?? 0) > 0);
  const updated = Math.min(total - left.length, successors.length);
  return { percentageComplete: Math.floor((100 * updated) / total), instancesToUpdate: total - updated };
}

/** Waits for what is being launched and terminated. */
function cancelling(
  refresh: InstanceRefresh,
  group: Group,
  members: readonly GroupMember[],
  nowMs: number,
): RefreshStep {
  const atRest = members.every(({ lifecycleState }) => lifecycleState === 'InService' || lifecycleState === 'Standby');
  if (atRest && members.filter(isLive).length === group.desiredCapacity)
    return ended({ ...refresh, status: 'Cancelled' }, nowMs);
  return { refresh, terminate: [], surge: 0, wakeAtMs: null };
}

function ended(refresh: InstanceRefresh, endedAtMs: number): RefreshStep {
  return { refresh: { ...refresh, endedAtMs }, terminate: [], surge: 0, wakeAtMs: null };
}

/** Notes when instances came into service that are not to be replaced. */
function withNewcomers(refresh: InstanceRefresh, members: readonly GroupMember[], nowMs: number): InstanceRefresh {
  const seen = members
    .filter(({ instanceId, lifecycleState }) => lifecycleState === 'InService' && !refresh.targets.includes(instanceId))
    .map(({ instanceId }) => [instanceId, refresh.inServiceSinceMs[instanceId] ?? nowMs] as const);
  return { ...refresh, inServiceSinceMs: Object.fromEntries(seen) };
}

function countsOf(refresh: InstanceRefresh, members: readonly GroupMember[], nowMs: number) {
  const warmAtMs = (id: string) => {
    const since = refresh.inServiceSinceMs[id];
    return since === 0 ? 0 : (since ?? Number.POSITIVE_INFINITY) + refresh.preferences.instanceWarmupSeconds * 1000;
  };
  const isTarget = ({ instanceId }: GroupMember) => refresh.targets.includes(instanceId);
  const well = members.filter(({ lifecycleState, health }) => lifecycleState === 'InService' && health === 'Healthy');
  const newcomers = well.filter((member) => !isTarget(member)).map(({ instanceId }) => instanceId);
  const cold = newcomers.map(warmAtMs).filter((time) => time > nowMs && Number.isFinite(time));
  return {
    /** Still to be replaced, those in standby too. */
    left: members.filter((member) => isTarget(member) && !isTerminating(member)),
    old: well.filter(isTarget).map(({ instanceId }) => instanceId),
    warm: newcomers.filter((id) => warmAtMs(id) <= nowMs),
    nextWarmAtMs: cold.length === 0 ? null : Math.min(...cold),
  };
}

/** How many may go now, so that the least stays healthy. */
function spareOf({ preferences }: InstanceRefresh, { desiredCapacity }: Group, healthy: number): number {
  const { minHealthyPercentage, maxHealthyPercentage } = preferences;
  const least = Math.ceil((desiredCapacity * minHealthyPercentage) / 100);
  // Without a maximum, a group too small for the minimum has one instance terminated while its successor is launched.
  const atLeast = maxHealthyPercentage === null && healthy >= desiredCapacity ? 1 : 0;
  return Math.max(healthy - least, atLeast);
}

function surgeOf({ preferences }: InstanceRefresh, { desiredCapacity }: Group, left: number): number {
  const { minHealthyPercentage, maxHealthyPercentage } = preferences;
  if (maxHealthyPercentage === null) return 0;
  const allowed = Math.floor((desiredCapacity * maxHealthyPercentage) / 100) - desiredCapacity;
  const needed = Math.ceil((desiredCapacity * minHealthyPercentage) / 100) >= desiredCapacity ? 1 : 0;
  return Math.min(left, Math.max(allowed, needed));
}
