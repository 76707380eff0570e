/** Instances that a change of regions has brought up and that never joined: taken back by name, since Auto Scaling would choose for itself. Pure. */
import type { RegionChangeRecord } from '#etcd/record.ts';
import { type GroupState, stayingInstances } from './group.ts';
import { membersAt } from './regionLayout.ts';

export interface TakenBack {
  readonly terminate: readonly { readonly region: string; readonly instanceId: string }[];
  /** Of regions that want more instances than they have. */
  readonly lower: readonly { readonly region: string; readonly capacity: number }[];
}

/**
 * As many as the groups want beyond the members there are; those who were lost count as members, since their successors are to join.
 * @param listed names of all members, lost ones too
 * @param least that a region keeps, joined or not: one that has left meanwhile is not listed, and its successor is to join as well
 */
export function takenBack(
  groups: readonly GroupState[],
  listed: readonly string[],
  least: (region: string) => number,
): TakenBack {
  const wanted = groups.reduce((sum, { desiredCapacity }) => sum + desiredCapacity, 0);
  let surplus = wanted - listed.length;
  const terminate: { region: string; instanceId: string }[] = [];
  const lower: { region: string; capacity: number }[] = [];
  // The other region before home, which has the quorum.
  for (const group of [...groups].reverse()) {
    const { region, desiredCapacity } = group;
    const staying = stayingInstances(group);
    const unjoined = staying.filter(({ instanceId }) => !listed.includes(instanceId));
    const most = Math.max(0, Math.min(surplus, desiredCapacity - least(region)));
    const going = unjoined.slice(0, most);
    const missing = Math.min(most - going.length, Math.max(0, desiredCapacity - staying.length));
    surplus -= going.length + missing;
    terminate.push(...going.map(({ instanceId }) => ({ region, instanceId })));
    if (missing > 0) lower.push({ region, capacity: desiredCapacity - going.length - missing });
  }
  return { terminate, lower };
}

/** What a region is to have at least, whichever way the change goes. */
export function leastOf({
  home,
  from,
  to,
}: Pick<RegionChangeRecord, 'home' | 'from' | 'to'>): (region: string) => number {
  return (region) => Math.min(membersAt(from, home, region), membersAt(to, home, region));
}
