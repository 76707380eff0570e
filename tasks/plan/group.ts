/** An Auto Scaling group as the control plane sees it. Pure. */
import type { GroupInstance } from './members.ts';

export interface GroupState {
  readonly region: string;
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly suspendedProcesses: readonly string[];
  readonly instances: readonly GroupInstance[];
}

/** Instances of all regions that stay. */
export function stayingInAll(groups: readonly Pick<GroupState, 'instances'>[]): readonly GroupInstance[] {
  return groups.flatMap(stayingInstances);
}

/** Instances that stay: those that go, or are gone, are not counted in the desired capacity. */
export function stayingInstances({ instances }: Pick<GroupState, 'instances'>): readonly GroupInstance[] {
  return instances.filter(({ lifecycleState }) => !lifecycleState.startsWith('Terminat'));
}

/** A capacity that the group would accept: a deployment may have changed its bounds since it was noted. */
export function withinBounds({ minSize, maxSize }: GroupState, capacity: number): number {
  return Math.min(Math.max(capacity, minSize), maxSize);
}
