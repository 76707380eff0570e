import { Fault } from '#etcd/faults.ts';
import { readLock, replaceLock } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';

type Input = Tasks['closeMembership']['input'];

/** Nobody joins any more until the lock is released. */
export async function handler(input: Input): Promise<Tasks['closeMembership']['output']> {
  const { execution, token, leaseSeconds } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const lock = await readLock();
  const { joins: _joins, joinAs: _joinAs, ...closed } = lock ?? { cluster: '', item: 'lock', token };
  if (lock === null || !(await replaceLock(lock, closed)))
    throw new Fault('LockHeld', 'the lock was taken by somebody else at the same moment');
  return { closed: true };
}
