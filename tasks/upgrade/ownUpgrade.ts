import { Fault } from '#etcd/faults.ts';
import type { UpgradeRecord } from '#etcd/record.ts';
import { readUpgrade, writeOperation } from '../aws/record.ts';

/** The upgrade that the holder of this token began. @throws Fault `RecordConflict` where there is none */
export async function ownUpgrade(token: number): Promise<UpgradeRecord> {
  const record = await readUpgrade();
  if (record?.token === token) return record;
  throw new Fault('RecordConflict', `the upgrade that began with token ${token} is not in the record any more`);
}

/** @throws Fault `LockHeld` where an operation that took the lock later has written it */
export async function keepUpgrade(record: UpgradeRecord): Promise<void> {
  if (await writeOperation(record)) return;
  throw new Fault('LockHeld', `an upgrade with a newer token than ${record.token} has begun meanwhile`);
}
