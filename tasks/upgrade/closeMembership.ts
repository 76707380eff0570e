import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';

type Input = Tasks['closeMembership']['input'];

/** Nobody joins any more until the lock is released. */
export async function handler(input: Input): Promise<Tasks['closeMembership']['output']> {
  const { execution, token, leaseSeconds } = input;
  await renewLease({ holder: execution, token }, leaseSeconds, ({ joins: _, joinAs: __, ...closed }) => closed);
  return { closed: true };
}
