import { readGroup, terminateInstance } from '../aws/group.ts';
import { audit } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInstances } from '../plan/group.ts';
import { membersAt } from '../plan/regionLayout.ts';
import { ownRegionChange } from './ownRegionChange.ts';

type Input = Tasks['removeMember']['input'];

/**
 * Terminates an instance and lowers the capacity with it, unless the region wants no more than it is to have: then Auto Scaling had brought it up
 * besides, as it does to balance zones. The group holds it until its agent has left the cluster, which it does only where the quorum allows it.
 * Called again, it finds it going.
 */
export async function handler(input: Input): Promise<Tasks['removeMember']['output']> {
  const { execution, token, leaseSeconds, move } = input;
  const { region, old: instance } = move;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRegionChange(token);
  const group = await readGroup(region);
  if (!stayingInstances(group).some(({ instanceId }) => instanceId === instance)) return { instance };
  await terminateInstance(region, instance, group.desiredCapacity > membersAt(record.to, record.home, region));
  const at = new Date().toISOString();
  const what = `instance ${instance} in ${region} is terminated`;
  await audit(
    { at, who: execution, what, why: 'MultiregionMigration', after: { region, instance } },
    `moved-${instance}`,
  );
  return { instance };
}
