import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { takenBack } from '../plan/unjoined.ts';
import { endRegionChange, ownRegionChange } from './ownRegionChange.ts';
import { readMembership, takeBackUnjoined } from './takeBackUnjoined.ts';

type Input = Tasks['abandonRegionChange']['input'];

/** Notes the end of a change whose members stay where they are. It must be possible whatever has become of members and regions. */
export async function handler(input: Input): Promise<Tasks['abandonRegionChange']['output']> {
  const { execution, token, leaseSeconds } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRegionChange(token);
  const next = await leftToDo(execution);
  return { ...(await endRegionChange(record, execution, 'abandoned')), abandoned: true, done: [], next };
}

/** An instance that was asked for and has not joined would join once the lock is free, with nothing measured for it. */
async function leftToDo(execution: string): Promise<readonly string[]> {
  try {
    const { groups, listed } = await readMembership(execution);
    await takeBackUnjoined(takenBack(groups, listed));
    return [];
  } catch (error) {
    return [
      `see that no region's Auto Scaling group wants more instances than it has members, which could not be looked at: ${(error as Error).message}`,
    ];
  }
}
