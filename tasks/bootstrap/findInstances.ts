import { Fault } from '#etcd/faults.ts';
import { environment } from '../aws/environment.ts';
import { readGroups } from '../aws/group.ts';
import { privateAddresses } from '../aws/instances.ts';
import type { FoundInstance, Tasks } from '../catalogue.ts';
import { type GroupInstance, searchRegions } from '../plan/members.ts';

/** The groups' instances in service. @throws Fault `InstancesNotInService` once the deadline has passed */
export async function handler({
  deadline,
}: Tasks['findInstances']['input']): Promise<Tasks['findInstances']['output']> {
  const looked = await look();
  const { verdict, reason } = looked;
  if (verdict === 'ready' || Date.now() < Date.parse(deadline)) return looked;
  throw new Fault('InstancesNotInService', `the Auto Scaling group ${environment('GROUP')} is late: ${reason}`);
}

type Looked = Tasks['findInstances']['output'];

/** A region whose stack is not deployed yet has no group: it is waited for. */
async function look(): Promise<Looked> {
  const members = environment('REGION_MEMBERS').split(',').map(Number);
  const groups = await readGroups().catch((error: Error) => error);
  if (groups instanceof Error) return { verdict: 'waiting', instances: [], reason: groups.message };
  const wanted = groups.map(({ region, instances }, index) => ({ region, instances, wanted: members[index] ?? 0 }));
  const { verdict, chosen, reason } = searchRegions(wanted);
  if (verdict === 'waiting') return { verdict, instances: [], reason };
  const found = await Promise.all(chosen.map((one) => withAddresses(one.region, one.instances)));
  const instances = found.flat();
  const all = chosen.every((one, index) => one.instances.length === found[index]?.length);
  return all ? { verdict, instances, reason } : { verdict: 'waiting', instances: [], reason };
}

async function withAddresses(region: string, instances: readonly GroupInstance[]): Promise<readonly FoundInstance[]> {
  const addresses = await privateAddresses(
    region,
    instances.map(({ instanceId }) => instanceId),
  );
  return instances.flatMap(({ instanceId, zone }) => {
    const address = addresses.get(instanceId);
    return address === undefined ? [] : [{ instanceId, zone, address }];
  });
}
