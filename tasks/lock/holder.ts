import type { LockRecord } from '#etcd/record.ts';
import { hasEnded } from '../aws/executions.ts';
import { sameMachine } from '../plan/lock.ts';

/** Whether another execution of this one's state machine holds the lock and has ended. */
export async function endedHolder(lock: LockRecord | null, execution: string): Promise<boolean> {
  const holder = lock?.holder;
  if (holder === undefined || holder === execution || !sameMachine(holder, execution)) return false;
  return hasEnded(holder);
}
