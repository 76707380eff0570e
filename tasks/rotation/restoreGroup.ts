import { environment } from '../aws/environment.ts';
import { readGroups } from '../aws/group.ts';
import { audit, readRotation, writeOperation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { rotatedGroup } from '../plan/rotatedGroups.ts';
import { giveBack } from './giveBack.ts';

type Input = Tasks['restoreGroup']['input'];

/** Gives the group back what a rotation took, this one or one that crashed: its processes and its desired capacity. */
export async function handler({ execution, token, leaseSeconds }: Input): Promise<Tasks['restoreGroup']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds);
  const [record, groups] = await Promise.all([readRotation(), readGroups()]);
  const at = new Date().toISOString();
  const cluster = environment('CLUSTER');
  if (record === null) return { cluster, reason: '', beganAt: at, endedAt: at, replaced: [] };
  const { cluster: _, reason, beganAt, replaced } = record;
  if (record.restoredAt === undefined) {
    const restoration = await giveBack(record, rotatedGroup(record, groups));
    await writeOperation({ ...record, token, restoredAt: at });
    const what = 'group put back after a rotation';
    await audit({ at, who: execution, what, why: reason, after: restoration }, `restored-${token}`);
  }
  return { cluster, reason, beganAt, endedAt: record.restoredAt ?? at, replaced };
}
