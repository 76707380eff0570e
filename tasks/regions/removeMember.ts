import { readGroup, terminateInstance } from '../aws/group.ts';
import { audit } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInstances } from '../plan/group.ts';

type Input = Tasks['removeMember']['input'];

/**
 * Terminates an instance and lowers the capacity with it. The group holds it until its agent has left the cluster, which it does only where the
 * quorum allows it. Called again, it finds it going.
 */
export async function handler(input: Input): Promise<Tasks['removeMember']['output']> {
  const { execution, token, leaseSeconds, move } = input;
  const { region, old: instance } = move;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const staying = stayingInstances(await readGroup(region)).map(({ instanceId }) => instanceId);
  if (!staying.includes(instance)) return { instance };
  await terminateInstance(region, instance);
  const at = new Date().toISOString();
  const what = `instance ${instance} in ${region} is terminated`;
  await audit(
    { at, who: execution, what, why: 'MultiregionMigration', after: { region, instance } },
    `moved-${instance}`,
  );
  return { instance };
}
