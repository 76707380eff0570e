import { Fault } from '#etcd/faults.ts';
import { readLock, readRotation, replaceLock } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { admission, joinAs } from '../plan/admission.ts';
import { ownUpgrade } from './ownUpgrade.ts';

type Input = Tasks['admitMembers']['input'];

/** Notes in the lock how whoever joins is started, so that instances can be replaced under it. */
export async function handler(input: Input): Promise<Tasks['admitMembers']['output']> {
  const { execution, token, leaseSeconds, hop } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const [record, rotation, lock] = await Promise.all([ownUpgrade(token), readRotation(), readLock()]);
  if (lock === null || !(await replaceLock(lock, { ...lock, joins: true, joinAs: joinAs(hop) })))
    throw new Fault('LockHeld', 'the lock was taken by somebody else at the same moment');
  return { execution, token, ...admission(hop, record, rotation) };
}
