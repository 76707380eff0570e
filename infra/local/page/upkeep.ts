/** What keeps the cluster in order, as the leader's agent and the lock say. Pure. */
import type { LockRecord } from '#etcd/record.ts';
import type { Description } from '../../../agent/protocol.ts';
import type { UpkeepView } from './views.ts';

/**
 * @param descriptions of all agents that answer
 * @param lock null: never taken; undefined: not known
 * @param status of the execution that holds it; null: not known
 */
export function upkeepView(
  descriptions: readonly Description[],
  lock: LockRecord | null | undefined,
  status: string | null,
): UpkeepView {
  const leader = descriptions.find(({ housekeeping, dns }) => housekeeping !== null || dns !== null);
  return {
    lock: lock === undefined ? null : lockView(lock, status),
    dns: leader?.dns ?? null,
    housekeeping: leader?.housekeeping
      ? { paused: leader.housekeeping.paused, findings: leader.housekeeping.findings.map(({ text }) => text) }
      : null,
  };
}

function lockView(lock: LockRecord | null, status: string | null): NonNullable<UpkeepView['lock']> {
  if (lock?.holder === undefined) return { held: null };
  const { holder, purpose = '', takenAt = null } = lock;
  return { held: { holder, purpose, takenAt, status } };
}
