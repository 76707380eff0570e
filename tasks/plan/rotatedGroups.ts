/** A rotation in more than one region: one group after the other, since what it takes from a group it gives back before it goes on. Pure. */
import type { RotationRecord } from '#etcd/record.ts';
import { type GroupState, stayingInstances } from './group.ts';
import { remainingInstances, settledInstances, suspendedBy } from './rotationRecord.ts';

/**
 * The group that a rotation is at; the home region's where it names none, and where there was no rotation.
 * @param groups home first
 * @throws Error where there is no such group
 */
export function rotatedGroup(
  rotation: Pick<RotationRecord, 'region'> | null,
  groups: readonly GroupState[],
): GroupState {
  const [home] = groups;
  const found = rotation?.region === undefined ? home : groups.find(({ region }) => region === rotation.region);
  if (found === undefined) throw new Error(`the rotation is in ${rotation?.region}, where the cluster has no group`);
  return found;
}

/** Instances that stay, of all regions, without the successor that is being brought up. */
export function settledInAll(rotation: RotationRecord | null, groups: readonly GroupState[]): readonly string[] {
  const rotated = rotatedGroup(rotation, groups);
  return groups.flatMap((group) =>
    group === rotated ? settledInstances(rotation, group) : stayingInstances(group).map(({ instanceId }) => instanceId),
  );
}

/** The group that is next; the home region, where the leader is, comes last. Null: nobody is left to be replaced. */
export function nextGroup(record: RotationRecord, groups: readonly GroupState[]): GroupState | null {
  const [home, ...others] = groups;
  const inOrder = home === undefined ? others : [...others, home];
  return inOrder.find((group) => remainingInstances(record, group).length > 0) ?? null;
}

/** The record as the rotation begins with another group; the one before has been given back. */
export function movedTo(record: RotationRecord, group: GroupState): RotationRecord {
  const { region, desiredCapacity } = group;
  return { ...record, region, desiredCapacity, suspended: suspendedBy(null, group) };
}
