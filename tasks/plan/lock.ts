/** The operation lock's next state, from the item that is there. Pure. */
import { Fault } from '#etcd/faults.ts';
import type { LockRecord } from '#etcd/record.ts';

export interface LockRequest {
  readonly cluster: string;
  /** ARN of the execution. */
  readonly holder: string;
  readonly purpose: string;
  readonly nowMs: number;
  readonly leaseSeconds: number;
}

/**
 * The lock as this holder takes it. Taking it twice is taking it once: the token stays.
 * @throws Fault `LockHeld` while another holds it, however old its lease: an operator resumes or abandons that.
 */
export function taken(
  current: LockRecord | null,
  { cluster, holder, purpose, nowMs, leaseSeconds }: LockRequest,
): LockRecord {
  if (current?.holder !== undefined && current.holder !== holder) {
    const lease =
      (current.leaseUntilMs ?? 0) < nowMs ? 'its lease has run out, so it may have crashed' : 'its lease is running';
    throw new Fault(
      'LockHeld',
      `${current.holder} holds the lock of cluster ${cluster} since ${current.takenAt} (${current.purpose}); ${lease}`,
    );
  }
  const again = current?.holder === holder;
  return {
    cluster,
    item: 'lock',
    holder,
    purpose,
    token: again ? current.token : (current?.token ?? 0) + 1,
    takenAt: again ? (current.takenAt ?? '') : new Date(nowMs).toISOString(),
    leaseUntilMs: nowMs + leaseSeconds * 1000,
  };
}
