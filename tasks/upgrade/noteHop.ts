import { audit } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { notedHop } from '../plan/upgradeRecord.ts';
import { keepUpgrade, ownUpgrade } from './ownUpgrade.ts';

type Input = Tasks['noteHop']['input'];

/** Notes that every member runs the hop's release. */
export async function handler(input: Input): Promise<Tasks['noteHop']['output']> {
  const { execution, token, leaseSeconds, hop, flipped } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const before = await ownUpgrade(token);
  // Called again: the hop is not under way any more.
  if (before.current === undefined) return { done: before.done.length };
  const at = new Date().toISOString();
  const record = notedHop(before, hop, flipped, at);
  await keepUpgrade(record);
  const what = `every member runs etcd ${hop.to}`;
  await audit({ at, who: execution, what, why: `${hop.kind} from ${hop.from}`, after: flipped }, `hop-${hop.to}`);
  return { done: record.done.length };
}
