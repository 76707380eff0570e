import { setTimeout as sleep } from 'node:timers/promises';
import type { RegionChangeRecord } from '#etcd/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { leastOf, takenBack } from '../plan/unjoined.ts';
import { endRegionChange, ownRegionChange } from './ownRegionChange.ts';
import { readMembership, takeBackUnjoined } from './takeBackUnjoined.ts';

type Input = Tasks['abandonRegionChange']['input'];

/** Of the 85 s that the task has; members are given 45 s to answer. */
const patienceMs = 60_000;

/** Notes the end of a change whose members stay where they are. It must be possible whatever has become of members and regions. */
export async function handler(input: Input): Promise<Tasks['abandonRegionChange']['output']> {
  const { execution, token, leaseSeconds } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRegionChange(token);
  const next = await leftToDo(execution, record);
  return { ...(await endRegionChange(record, execution, 'abandoned')), abandoned: true, done: [], next };
}

/** An instance that was asked for and has not joined would join once the lock is free, with nothing measured for it. */
async function leftToDo(execution: string, record: RegionChangeRecord): Promise<readonly string[]> {
  const deadline = Date.now() + patienceMs;
  const isLate = () => Date.now() > deadline;
  const late = sleep(patienceMs, undefined, { ref: false }).then(() => {
    throw new Error(`there was no answer within ${patienceMs / 1000} s`);
  });
  const takeBack = async () => {
    const { groups, listed } = await readMembership(execution);
    await takeBackUnjoined(takenBack(groups, listed, leastOf(record)), isLate);
  };
  try {
    // A region that swallows what is sent to it keeps nobody from giving up.
    await Promise.race([takeBack(), late]);
    return [];
  } catch (error) {
    return [
      `see that no region's Auto Scaling group wants more instances than it has members: ${(error as Error).message}`,
    ];
  }
}
