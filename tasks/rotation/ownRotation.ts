import { Fault } from '#etcd/faults.ts';
import type { RotationRecord } from '#etcd/record.ts';
import { readRotation } from '../aws/record.ts';

/** The rotation that the holder of this token began. @throws Fault `RecordConflict` where there is none */
export async function ownRotation(token: number): Promise<RotationRecord> {
  const record = await readRotation();
  if (record?.token === token) return record;
  throw new Fault('RecordConflict', `the rotation that began with token ${token} is not in the record any more`);
}
