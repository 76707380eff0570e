import { Fault } from '#etcd/faults.ts';
import { environment } from '../aws/environment.ts';
import { audit, readLock, replaceLock } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { taken } from '../plan/lock.ts';
import { endedHolder } from './holder.ts';

type Input = Tasks['takeLock']['input'];

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
  const before = await readLock();
  const holderEnded = resumes && (await endedHolder(before, holder));
  const nowMs = Date.now();
  const after = taken(before, { cluster, holder, purpose, nowMs, leaseSeconds, joins, holderEnded });
  if (!(await replaceLock(before, after))) {
    const current = await readLock();
    throw new Fault(
      'LockHeld',
      `${current?.holder ?? 'another operation'} took the lock of cluster ${cluster} at the same moment`,
    );
  }
  if (before?.holder !== holder) {
    const at = new Date(nowMs).toISOString();
    await audit(
      { at, who: holder, what: `lock taken with token ${after.token}`, why: purpose, before, after },
      `lock-${after.token}`,
    );
  }
  return { token: after.token };
}
