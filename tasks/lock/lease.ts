import { Fault } from '#etcd/faults.ts';
import type { LockRecord } from '#etcd/record.ts';
import { environment } from '../aws/environment.ts';
import { readLock, replaceLock } from '../aws/record.ts';

export interface HeldLock {
  /** ARN of the execution. */
  readonly holder: string;
  readonly token: number;
}

/**
 * Moves the end of the holder's lease; also what a task does before it changes anything, since it proves the lock is ours.
 * @param change what else of the lock changes with it
 * @returns epoch milliseconds of its end
 * @throws Fault `LockHeld` where the lock is not the caller's (any more)
 */
export async function renewLease(
  { holder, token }: HeldLock,
  leaseSeconds: number,
  change: (lock: LockRecord) => LockRecord = (lock) => lock,
): Promise<number> {
  const before = await readLock();
  const leaseUntilMs = Date.now() + leaseSeconds * 1000;
  const mine = before !== null && before.holder === holder && before.token === token;
  if (mine && (await replaceLock(before, { ...change(before), leaseUntilMs }))) return leaseUntilMs;
  const held = before?.holder ?? 'nobody';
  throw new Fault(
    'LockHeld',
    `the lock of cluster ${environment('CLUSTER')} is held by ${held} (token ${before?.token ?? 0}), not by ${holder} (token ${token})`,
  );
}
