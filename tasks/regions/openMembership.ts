import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';

type Input = Tasks['openMembership']['input'];

/** Instances may join from now on; nobody restarts for a setting any more. */
export async function handler({ execution, token, leaseSeconds }: Input): Promise<Tasks['openMembership']['output']> {
  await renewLease({ holder: execution, token }, leaseSeconds, ({ tunes: _, ...lock }) => ({ ...lock, joins: true }));
  return { open: true };
}
