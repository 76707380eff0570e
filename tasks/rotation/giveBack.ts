/** Gives a group back what a rotation took from it; called again, it finds it done. */
import type { RotationRecord } from '#etcd/record.ts';
import { resumeProcesses, setDesiredCapacity, terminateInstance } from '../aws/group.ts';
import type { GroupState } from '../plan/group.ts';
import { type Restoration, restorationOf } from '../plan/rotationRecord.ts';

/** @param group the one that the rotation is at */
export async function giveBack(record: RotationRecord, group: GroupState): Promise<Restoration> {
  const { region } = group;
  const restoration = restorationOf(record, group);
  await resumeProcesses(region, restoration.resume);
  if (restoration.terminate !== null) await terminateInstance(region, restoration.terminate);
  if (restoration.desiredCapacity !== null) await setDesiredCapacity(region, restoration.desiredCapacity);
  return restoration;
}
