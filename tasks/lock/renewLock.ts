import { Fault } from '#etcd/faults.ts';
import { environment } from '../aws/environment.ts';
import { readLock, replaceLock } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';

type Input = Tasks['renewLock']['input'];

/** Moves the end of the holder's lease. @throws Fault `LockHeld` where the lock is not the caller's (any more) */
export async function handler({ holder, token, leaseSeconds }: Input): Promise<Tasks['renewLock']['output']> {
  const before = await readLock();
  const leaseUntilMs = Date.now() + leaseSeconds * 1000;
  const mine = before !== null && before.holder === holder && before.token === token;
  if (!mine || !(await replaceLock(before, { ...before, leaseUntilMs }))) {
    const held = before?.holder ?? 'nobody';
    throw new Fault(
      'LockHeld',
      `the lock of cluster ${environment('CLUSTER')} is held by ${held} (token ${before?.token ?? 0}), not by ${holder} (token ${token})`,
    );
  }
  return { leaseUntilMs };
}
