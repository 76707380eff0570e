import { Fault } from '#etcd/faults.ts';
import { readGroups, setDesiredCapacity } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { withinBounds } from '../plan/group.ts';
import { rotatedGroup } from '../plan/rotatedGroups.ts';
import { ownRotation } from './ownRotation.ts';

type Input = Tasks['addInstance']['input'];

/** One more than the cluster has members, and never more: called again, it finds it done. @throws Fault `PreflightFailed` */
export async function handler({ execution, token, leaseSeconds }: Input): Promise<Tasks['addInstance']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const [record, groups] = await Promise.all([ownRotation(token), readGroups()]);
  const group = rotatedGroup(record, groups);
  const wanted = withinBounds(group, record.desiredCapacity) + 1;
  if (wanted > group.maxSize)
    throw new Fault('PreflightFailed', `the max size ${group.maxSize} of ${group.name} leaves no room for a successor`);
  if (group.desiredCapacity < wanted) await setDesiredCapacity(group.region, wanted);
  return { desiredCapacity: Math.max(group.desiredCapacity, wanted) };
}
