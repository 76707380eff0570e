import { Fault } from '#etcd/faults.ts';
import type { RegionChangeRecord } from '#etcd/record.ts';
import { audit, readRegionChange, writeOperation } from '../aws/record.ts';
import type { RegionChangeReport } from '../catalogue.ts';

/** The change of regions that the holder of this token began. @throws Fault `RecordConflict` where there is none */
export async function ownRegionChange(token: number): Promise<RegionChangeRecord> {
  const record = await readRegionChange();
  if (record?.token === token) return record;
  throw new Fault(
    'RecordConflict',
    `the change of regions that began with token ${token} is not in the record any more`,
  );
}

/** @throws Fault `LockHeld` where an operation that took the lock later has written it */
export async function keepRegionChange(record: RegionChangeRecord): Promise<void> {
  if (await writeOperation(record)) return;
  throw new Fault('LockHeld', `a change of regions with a newer token than ${record.token} has begun meanwhile`);
}

/** Notes the end, once. */
export async function endRegionChange(
  record: RegionChangeRecord,
  execution: string,
  how: 'ended' | 'abandoned',
): Promise<Omit<RegionChangeReport, 'abandoned' | 'done' | 'next'>> {
  const { cluster, home, remote, from, to, beganAt, token } = record;
  const endedAt = record.endedAt ?? new Date().toISOString();
  if (record.endedAt === undefined) {
    await keepRegionChange({ ...record, endedAt });
    const what = `change of regions ${how}: ${home} ${to.home}, ${remote} ${to.remote}`;
    const why = 'MultiregionMigration';
    await audit({ at: endedAt, who: execution, what, why, after: record }, `regions-ended-${token}`);
  }
  return { cluster, home, remote, from, to, beganAt, endedAt };
}
