import { Fault } from '#etcd/faults.ts';
import { readGroups, terminateInstance } from '../aws/group.ts';
import { audit, writeOperation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { stayingInstances } from '../plan/group.ts';
import { rotatedGroup } from '../plan/rotatedGroups.ts';
import { withCurrent } from '../plan/rotationRecord.ts';
import { ownRotation } from './ownRotation.ts';

type Input = Tasks['terminateInstance']['input'];

/**
 * Terminates the old instance, now that its successor is healthy. The group holds it until its agent has left the cluster,
 * which it does only where the quorum allows it. Called again, it finds it going.
 * @throws Fault `NoNewMember` where the successor goes itself
 */
export async function handler(input: Input): Promise<Tasks['terminateInstance']['output']> {
  const { execution, token, leaseSeconds, old, successor } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const [record, groups] = await Promise.all([ownRotation(token), readGroups()]);
  const group = rotatedGroup(record, groups);
  const staying = stayingInstances(group).map(({ instanceId }) => instanceId);
  if (staying.includes(old) && !staying.includes(successor))
    throw new Fault('NoNewMember', `${old} is not terminated: its successor ${successor} is being terminated itself`);
  if (record.current?.old === old) await writeOperation(withCurrent(record, { ...record.current, successor }));
  if (staying.includes(old)) {
    await terminateInstance(group.region, old);
    const at = new Date().toISOString();
    const what = `instance ${old} is terminated, replaced by ${successor}`;
    await audit({ at, who: execution, what, why: record.reason, after: { old, successor } }, `replaced-${old}`);
  }
  return { old, witness: successor };
}
