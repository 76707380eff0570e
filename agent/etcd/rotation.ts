/** Whether a rotation was left behind: nobody will put the group back any more, or not soon. Pure. */
import type { LockRecord, RotationRecord } from './record.ts';

/** A holder renews well before its end, and clocks of the control plane and of an instance are never this far apart. */
export const leaseToleranceMs = 60_000;

/**
 * Why the group's processes are to be resumed without its execution; null while that is its own business.
 * @param nowMs epoch milliseconds
 */
export function leftBehind(
  rotation: RotationRecord | null,
  lock: LockRecord | null,
  nowMs: number,
): { readonly reason: string } | null {
  if (rotation === null || rotation.restoredAt !== undefined || rotation.suspended.length === 0) return null;
  if (lock?.holder === undefined || lock.token !== rotation.token)
    return { reason: `the rotation of ${rotation.execution} does not hold the lock any more` };
  const overdueMs = nowMs - (lock.leaseUntilMs ?? 0);
  return overdueMs > leaseToleranceMs
    ? { reason: `the lease of ${lock.holder} ran out ${Math.round(overdueMs / 1000)} s ago` }
    : null;
}
