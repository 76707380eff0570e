import { Fault } from '#etcd/faults.ts';
import { readGroup, setDesiredCapacity } from '../aws/group.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInstances } from '../plan/group.ts';

type Input = Tasks['addMember']['input'];

/** One instance more than the region has members, and never more: called again, it finds it done. @throws Fault `PreflightFailed` */
export async function handler(input: Input): Promise<Tasks['addMember']['output']> {
  const { execution, token, leaseSeconds, move } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const group = await readGroup(move.region);
  const members = stayingInstances(group).filter(({ instanceId }) => move.known.includes(instanceId)).length;
  const wanted = members + 1;
  if (wanted > group.maxSize)
    throw new Fault(
      'PreflightFailed',
      `the max size ${group.maxSize} of ${group.name} in ${move.region} leaves no room for another member`,
    );
  if (group.desiredCapacity < wanted) await setDesiredCapacity(move.region, wanted);
  return { desiredCapacity: Math.max(group.desiredCapacity, wanted) };
}
