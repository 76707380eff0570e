import { writeOperation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { notedReplacement } from '../plan/rotationRecord.ts';
import { ownRotation } from './ownRotation.ts';

type Input = Tasks['noteReplacement']['input'];

/** Notes that a replacement is over, with a lease that lasts over the pause that follows. */
export async function handler(input: Input): Promise<Tasks['noteReplacement']['output']> {
  const { execution, token, leaseSeconds, pauseSeconds } = input;
  await renewLease({ holder: execution, token }, leaseSeconds + pauseSeconds);
  const record = notedReplacement(await ownRotation(token), new Date().toISOString());
  await writeOperation(record);
  const done = record.replaced.map(({ old }) => old);
  return { replaced: done.length, remaining: record.instances.filter((id) => !done.includes(id)).length };
}
