import { Fault } from '#etcd/faults.ts';
import type { TransportRecord } from '#etcd/record.ts';
import { readTransport, writeOperation } from '../aws/record.ts';

/** The migration that the holder of this token began. @throws Fault `RecordConflict` where there is none */
export async function ownMigration(token: number): Promise<TransportRecord> {
  const record = await readTransport();
  if (record?.token === token) return record;
  throw new Fault('RecordConflict', `the migration that began with token ${token} is not in the record any more`);
}

/** @throws Fault `LockHeld` where an operation that took the lock later has written it */
export async function keepMigration(record: TransportRecord): Promise<void> {
  if (await writeOperation(record)) return;
  throw new Fault('LockHeld', `a migration with a newer token than ${record.token} has begun meanwhile`);
}
