import { askMembers } from '../agents/ask.ts';
import { readGroups, terminateInstance } from '../aws/group.ts';
import { type GroupState, stayingInAll } from '../plan/group.ts';
import { listedNames } from '../plan/memberReports.ts';
import type { TakenBack } from '../plan/unjoined.ts';
import { lowerCapacity } from './lowerCapacity.ts';

export interface Membership {
  /** Of each region, home first. */
  readonly groups: readonly GroupState[];
  /** Names of all members. */
  readonly listed: readonly string[];
}

/** @throws Error where a region does not answer, or no member says who the members are */
export async function readMembership(execution: string): Promise<Membership> {
  const groups = await readGroups();
  const instances = stayingInAll(groups).map(({ instanceId }) => instanceId);
  const listed = listedNames(await askMembers(instances, execution));
  if (listed.length === 0) throw new Error('no member says who the members are');
  return { groups, listed };
}

/**
 * Called again, it finds them going.
 * @param isLate whether what was looked at is too old to act on
 * @throws Error where it is late, or an instance has come meanwhile
 */
export async function takeBackUnjoined({ terminate, lower }: TakenBack, isLate = () => false): Promise<void> {
  for (const { region, instanceId } of terminate) {
    if (isLate()) throw new Error(`${instanceId} in ${region} has not joined`);
    await terminateInstance(region, instanceId);
  }
  for (const { region, capacity } of lower)
    if (isLate() || !(await lowerCapacity(region, capacity)))
      throw new Error(`the group in ${region} wants more than ${capacity}`);
}
