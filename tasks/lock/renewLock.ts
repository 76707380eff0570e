import type { Tasks } from '../catalogue.ts';
import { renewLease } from './lease.ts';

type Input = Tasks['renewLock']['input'];

/** Moves the end of the holder's lease. @throws Fault `LockHeld` where the lock is not the caller's (any more) */
export async function handler({ holder, token, leaseSeconds }: Input): Promise<Tasks['renewLock']['output']> {
  return { leaseUntilMs: await renewLease({ holder, token }, leaseSeconds) };
}
