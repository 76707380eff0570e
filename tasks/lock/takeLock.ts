import { Fault } from '#etcd/faults.ts';
import type { LockRecord } from '#etcd/record.ts';
import { environment } from '../aws/environment.ts';
import { audit, readLock, replaceLock } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { taken } from '../plan/lock.ts';
import { endedHolder } from './holder.ts';

type Input = Tasks['takeLock']['input'];

const attempts = 3;

/**
 * Takes the operation lock for an execution. One of the same state machine that holds it and has ended gives way: starting the
 * machine again is how an operator resumes it.
 * @throws Fault `LockHeld`, naming the holder
 */
export async function handler({
  holder,
  purpose,
  leaseSeconds,
  joins,
  resumes,
}: Input): Promise<Tasks['takeLock']['output']> {
  const cluster = environment('CLUSTER');
  for (let attempt = 1; ; attempt++) {
    const before = await readLock();
    const holderEnded = resumes && (await endedHolder(before, holder));
    const nowMs = Date.now();
    const after = taken(before, { cluster, holder, purpose, nowMs, leaseSeconds, joins, holderEnded });
    if (await replaceLock(before, after)) {
      if (before?.holder !== holder) await tell(holder, purpose, new Date(nowMs).toISOString(), before, after);
      return { token: after.token };
    }
    // Somebody else was faster: to take it, which the next look says, or to give it back.
    if (attempt === attempts)
      throw new Fault('LockHeld', `the lock of cluster ${cluster} changes hands all the time: start again`);
  }
}

async function tell(who: string, why: string, at: string, before: LockRecord | null, after: LockRecord): Promise<void> {
  const what = `lock taken with token ${after.token}`;
  await audit({ at, who, what, why, before, after }, `lock-${after.token}`);
}
