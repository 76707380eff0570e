import { readRotation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { admission, joinAs } from '../plan/admission.ts';
import { ownUpgrade } from './ownUpgrade.ts';

type Input = Tasks['admitMembers']['input'];

/** Notes in the lock how whoever joins is started, so that instances can be replaced under it. */
export async function handler(input: Input): Promise<Tasks['admitMembers']['output']> {
  const { execution, token, leaseSeconds, hop } = input;
  const as = joinAs(hop);
  await renewLease({ holder: execution, token }, leaseSeconds, (lock) => ({ ...lock, joins: true, joinAs: as }));
  const [record, rotation] = await Promise.all([ownUpgrade(token), readRotation()]);
  return { execution, token, ...admission(hop, record, rotation) };
}
