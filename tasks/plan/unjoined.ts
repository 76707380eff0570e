/** Instances that a change of regions has brought up and that never joined: taken back by name, since Auto Scaling would choose for itself. Pure. */
import { type GroupState, stayingInstances } from './group.ts';

export interface TakenBack {
  readonly terminate: readonly { readonly region: string; readonly instanceId: string }[];
  /** Of regions that want more instances than they have. */
  readonly lower: readonly { readonly region: string; readonly capacity: number }[];
}

/**
 * As many as the groups want beyond the members there are; those who were lost count as members, since their successors are to join.
 * @param listed names of all members, lost ones too
 */
export function takenBack(groups: readonly GroupState[], listed: readonly string[]): TakenBack {
  const wanted = groups.reduce((sum, { desiredCapacity }) => sum + desiredCapacity, 0);
  let surplus = wanted - listed.length;
  const terminate: { region: string; instanceId: string }[] = [];
  const lower: { region: string; capacity: number }[] = [];
  // The other region before home, which has the quorum.
  for (const group of [...groups].reverse()) {
    const { region, desiredCapacity } = group;
    const staying = stayingInstances(group);
    const unjoined = staying.filter(({ instanceId }) => !listed.includes(instanceId));
    const going = unjoined.slice(0, Math.max(0, surplus));
    surplus -= going.length;
    terminate.push(...going.map(({ instanceId }) => ({ region, instanceId })));
    const missing = Math.min(Math.max(0, surplus), Math.max(0, desiredCapacity - staying.length));
    surplus -= missing;
    if (missing > 0) lower.push({ region, capacity: desiredCapacity - going.length - missing });
  }
  return { terminate, lower };
}
