import { Fault } from '#etcd/faults.ts';
import { environment } from '../aws/environment.ts';
import { readGroups, suspendProcesses } from '../aws/group.ts';
import { audit, readRotation, writeOperation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { rotatedGroup } from '../plan/rotatedGroups.ts';
import { beginning } from '../plan/rotationPlan.ts';

type Input = Tasks['beginRotation']['input'];

/** Notes how the group is, so that anybody can put it back, and only then suspends what would interfere. */
export async function handler(input: Input): Promise<Tasks['beginRotation']['output']> {
  const { execution, token, leaseSeconds, request, goesOnWith } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const [before, groups] = await Promise.all([readRotation(), readGroups()]);
  const now = new Date().toISOString();
  const goesOn = before !== null && before.beganAt === goesOnWith;
  const begin = { cluster: environment('CLUSTER'), execution, token, now, request, goesOn };
  // A task that is called again finds its own record, and begins nothing anew.
  const record = before?.token === token && before.restoredAt === undefined ? before : beginning(before, groups, begin);
  if (!(await writeOperation(record)))
    throw new Fault('LockHeld', `a rotation with a newer token than ${token} has begun meanwhile`);
  await suspendProcesses(rotatedGroup(record, groups).region, record.suspended);
  const what = `rotation of ${record.instances.join(', ') || 'nobody'} begun`;
  const after = { desiredCapacity: record.desiredCapacity, suspended: record.suspended };
  await audit({ at: now, who: execution, what, why: request.reason, after }, `rotation-${token}`);
  return { instances: record.instances };
}
