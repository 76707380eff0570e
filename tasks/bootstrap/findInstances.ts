import { Fault } from '#etcd/faults.ts';
import { environment } from '../aws/environment.ts';
import { instancesOfGroup } from '../aws/group.ts';
import { privateAddresses } from '../aws/instances.ts';
import type { Tasks } from '../catalogue.ts';
import { searchInstances } from '../plan/members.ts';

/** The group's instances in service. @throws Fault `InstancesNotInService` once the deadline has passed */
export async function handler({
  deadline,
}: Tasks['findInstances']['input']): Promise<Tasks['findInstances']['output']> {
  const { verdict, chosen, reason } = searchInstances(await instancesOfGroup(), Number(environment('MEMBERS')));
  const addresses =
    chosen.length === 0
      ? new Map<string, string>()
      : await privateAddresses(chosen.map(({ instanceId }) => instanceId));
  const instances = chosen.flatMap(({ instanceId, zone }) => {
    const address = addresses.get(instanceId);
    return address === undefined ? [] : [{ instanceId, zone, address }];
  });
  if (verdict === 'ready' && instances.length === chosen.length) return { verdict, instances, reason };
  if (Date.now() < Date.parse(deadline)) return { verdict: 'waiting', instances: [], reason };
  throw new Fault('InstancesNotInService', `the Auto Scaling group ${environment('GROUP')} is late: ${reason}`);
}
