/**
 * Auto Scaling processes that a rotation suspended are resumed when its execution will not do it: it was stopped, or nobody
 * has renewed its lease. The desired capacity is left as it is: one member too many is no danger, and the next execution, or
 * an operator, knows which.
 */
import { leftBehind } from '#etcd/rotation.ts';
import type { Instances } from '../machine/group.ts';
import type { Log } from '../machine/log.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { RotationAccess } from '../machine/rotation.ts';

export interface LeftoversOptions {
  readonly rotation: RotationAccess;
  readonly record: Pick<ClusterRecord, 'readLock' | 'readSettings' | 'audit'>;
  readonly instancesIn: (region: string) => Pick<Instances, 'group'>;
  /** Where a rotation is that names no region. */
  readonly homeRegion: string;
  readonly log: Log;
  /** Epoch milliseconds by the clock that leases are written by. */
  readonly nowMs: () => number;
}

/** One look; for the leader's agent. @throws Error where the record or Auto Scaling does not answer: then nothing is done */
export async function resumeLeftovers(options: LeftoversOptions): Promise<void> {
  const { rotation, record, instancesIn, homeRegion, log, nowMs } = options;
  const begun = await rotation.read();
  if (begun === null || begun.restoredAt !== undefined) return;
  const left = leftBehind(begun, await record.readLock(), nowMs());
  const groupName = (await record.readSettings())?.groupName;
  if (left === null || groupName === undefined) return;
  const region = begun.region ?? homeRegion;
  const { suspendedProcesses } = await instancesIn(region).group(groupName);
  const processes = begun.suspended.filter((process) => suspendedProcesses.includes(process));
  if (processes.length === 0) return;
  await rotation.resumeProcesses(region, groupName, processes);
  log('processes resumed', { processes, reason: left.reason }, 'warn');
  const what = `Auto Scaling processes resumed: ${processes.join(', ')}`;
  await record.audit({ what, why: left.reason, before: suspendedProcesses, after: processes });
}
