/** Instance refreshes, and the operations on them. */
import { randomUUID } from 'node:crypto';
import { type Documents, documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import type { Capacity } from './capacity.ts';
import type { Group, GroupMember } from './group.ts';
import { type PageInput, paged } from './pages.ts';
import { type InstanceRefresh, isActive, progressOf, type RefreshStep, refreshStep } from './refresh.ts';
import { type RefreshInput, refreshFrom } from './refreshRequest.ts';

export interface Refreshes {
  readonly all: Documents<InstanceRefresh>['all'];
  readonly put: (refresh: InstanceRefresh) => void;
  /** What the group's refresh wants done now, with what was seen noted; does nothing where it has none. */
  step(group: Group, members: readonly GroupMember[]): Pick<RefreshStep, 'terminate' | 'surge'>;
  forget(group: string): void;
  stop(): void;
}

/** @param wake looks after all groups again */
export function createRefreshes({ database, log }: HomeContext, wake: () => void): Refreshes {
  const refreshes = documents<InstanceRefresh>(database, 'autoscaling_refreshes');
  const timers = new Map<string, NodeJS.Timeout>();
  const put = (refresh: InstanceRefresh) => refreshes.put(refresh.id, refresh);
  return {
    all: refreshes.all,
    put,
    step(group, members) {
      clearTimeout(timers.get(group.name));
      const before = refreshes.all().find((refresh) => refresh.group === group.name && isActive(refresh));
      if (before === undefined || group.deleting) return { terminate: [], surge: 0 };
      const { refresh, terminate, surge, wakeAtMs } = refreshStep(before, group, members, Date.now());
      if (JSON.stringify(refresh) !== JSON.stringify(before)) put(refresh);
      if (refresh.status !== before.status) log(`${group.name}: instance refresh ${refresh.id}: ${refresh.status}`);
      if (wakeAtMs !== null) timers.set(group.name, setTimeout(wake, Math.max(0, wakeAtMs - Date.now())));
      return { terminate, surge };
    },
    forget(group) {
      for (const refresh of refreshes.all()) if (refresh.group === group) refreshes.delete(refresh.id);
    },
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

export function refreshOperations({ refreshes, members, find, reconcile }: Capacity): Service['operations'] {
  const membersOf = (group: string) => members.all().filter((member) => member.group === group);
  const active = (group: string) => refreshes.all().find((one) => one.group === group && isActive(one));
  return {
    StartInstanceRefresh: (input: RefreshInput) => {
      const group = find(input.AutoScalingGroupName ?? '');
      const other = active(group.name);
      if (other !== undefined)
        throw new AwsError('InstanceRefreshInProgress', `An Instance Refresh is already in progress: ${other.id}`);
      const refresh = refreshFrom(input, group, membersOf(group.name), randomUUID(), Date.now());
      refreshes.put(refresh);
      void reconcile();
      return { InstanceRefreshId: refresh.id };
    },
    CancelInstanceRefresh: (input: { AutoScalingGroupName?: string; WaitForTransitioningInstances?: boolean }) => {
      const { name } = find(input.AutoScalingGroupName ?? '');
      const refresh = active(name);
      if (refresh === undefined)
        throw new AwsError(
          'ActiveInstanceRefreshNotFound',
          `No in progress or pending Instance Refresh found: ${name}`,
        );
      const waits = input.WaitForTransitioningInstances ?? true;
      refreshes.put(
        waits ? { ...refresh, status: 'Cancelling' } : { ...refresh, status: 'Cancelled', endedAtMs: Date.now() },
      );
      void reconcile();
      return { InstanceRefreshId: refresh.id };
    },
    DescribeInstanceRefreshes: (
      input: PageInput & { AutoScalingGroupName?: string; InstanceRefreshIds?: readonly string[] },
    ) => {
      const { name } = find(input.AutoScalingGroupName ?? '');
      const { InstanceRefreshIds: ids } = input;
      const chosen = refreshes
        .all()
        .filter(({ group, id }) => group === name && (ids === undefined || ids.includes(id)));
      const newestFirst = [...chosen].reverse();
      const { items, NextToken } = paged(newestFirst, ({ id }) => id, input, { usual: 50, most: 100 });
      return { InstanceRefreshes: items.map((refresh) => toApi(refresh, membersOf(name))), NextToken };
    },
  };
}

function toApi(refresh: InstanceRefresh, members: readonly GroupMember[]): Record<string, unknown> {
  const { percentageComplete, instancesToUpdate } = progressOf(refresh, members, Date.now());
  const { minHealthyPercentage, maxHealthyPercentage, instanceWarmupSeconds, skipMatching } = refresh.preferences;
  return {
    InstanceRefreshId: refresh.id,
    AutoScalingGroupName: refresh.group,
    Strategy: 'Rolling',
    Status: refresh.status,
    StartTime: new Date(refresh.startedAtMs),
    ...(refresh.endedAtMs !== undefined && { EndTime: new Date(refresh.endedAtMs) }),
    PercentageComplete: percentageComplete,
    InstancesToUpdate: instancesToUpdate,
    Preferences: {
      MinHealthyPercentage: minHealthyPercentage,
      ...(maxHealthyPercentage !== null && { MaxHealthyPercentage: maxHealthyPercentage }),
      InstanceWarmup: instanceWarmupSeconds,
      SkipMatching: skipMatching,
    },
  };
}
