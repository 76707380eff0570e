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
  /** Whether new instances may join while it is held. */
  readonly joins: boolean;
  /** Whether the one who holds it now is an earlier execution of the same machine that has ended. */
  readonly holderEnded: boolean;
}

/** Whether two execution ARNs are of one state machine. */
export function sameMachine(one: string, other: string): boolean {
  const machineIn = (arn: string) => arn.split(':').slice(0, -1).join(':');
  return one.includes(':execution:') && machineIn(one) === machineIn(other);
}

/**
 * The lock as this holder takes it. Taking it twice is taking it once: the token stays.
 * An execution that goes on with the work of one that has ended takes the lock over from it, with a new token.
 * @throws Fault `LockHeld` while another holds it, however old its lease: an operator resumes or abandons that.
 */
export function taken(
  current: LockRecord | null,
  { cluster, holder, purpose, nowMs, leaseSeconds, joins, holderEnded }: LockRequest,
): LockRecord {
  if (current?.holder !== undefined && current.holder !== holder && !holderEnded) {
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
    ...(joins && { joins }),
  };
}
