import { Fault } from '#etcd/faults.ts';
import { readGroups } from '../aws/group.ts';
import { privateAddresses } from '../aws/instances.ts';
import type { Tasks } from '../catalogue.ts';
import { type GroupState, stayingInstances } from '../plan/group.ts';
import { probesOf } from '../plan/probes.ts';

/** @throws Fault `InstanceNotReachable` while a region has no instance in service yet */
export async function handler(): Promise<Tasks['findProbes']['output']> {
  const groups = await readGroups();
  const placed = (await Promise.all(groups.map(placedIn))).flat();
  const probes = probesOf(placed);
  if (probes.length === groups.length) return { probes };
  const empty = groups.filter(({ region }) => !placed.some((one) => one.region === region)).map(({ region }) => region);
  throw new Fault('InstanceNotReachable', `${empty.join(', ')} has no instance in service yet`);
}

async function placedIn(group: GroupState) {
  const { region } = group;
  const inService = stayingInstances(group).filter(({ lifecycleState }) => lifecycleState === 'InService');
  const addresses = await privateAddresses(
    region,
    inService.map(({ instanceId }) => instanceId),
  );
  return inService.flatMap(({ instanceId, zone }) => {
    const address = addresses.get(instanceId);
    return address === undefined ? [] : [{ instanceId, zone, address, region }];
  });
}
