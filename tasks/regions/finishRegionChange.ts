import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { nextSteps } from '../plan/regionChange.ts';
import { endRegionChange, ownRegionChange } from './ownRegionChange.ts';

type Input = Tasks['finishRegionChange']['input'];

/** Notes the end, and says what was done and what is left to the operator. */
export async function handler(input: Input): Promise<Tasks['finishRegionChange']['output']> {
  const { execution, token, leaseSeconds, steps } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownRegionChange(token);
  const ended = await endRegionChange(record, execution, 'ended');
  return { ...ended, abandoned: false, done: steps, next: nextSteps(record) };
}
