import { environment } from '../aws/environment.ts';
import { audit, readUpgrade } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { begunUpgrade } from '../plan/upgradeRecord.ts';
import { keepUpgrade } from './ownUpgrade.ts';

type Input = Tasks['beginUpgrade']['input'];

/** Notes where the cluster goes, so that whoever comes after a crash can go on. A task that is called again begins nothing anew. */
export async function handler(input: Input): Promise<Tasks['beginUpgrade']['output']> {
  const { execution, token, leaseSeconds, request, plan } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const before = await readUpgrade();
  if (before?.token === token) return { beganAt: before.beganAt };
  const now = new Date().toISOString();
  // It died before it had noted anything: then there is nothing but the lock.
  if (request.action === 'abandon' && (before === null || before.endedAt !== undefined)) return { beganAt: now };
  const record = begunUpgrade(before, { cluster: environment('CLUSTER'), execution, token, now, request, plan });
  await keepUpgrade(record);
  const what = `${request.action === 'upgrade' ? 'upgrade' : `${request.action} of the upgrade`} to ${plan.to} begun`;
  const hops = plan.hops.map(({ kind, to }) => `${kind} ${to}`);
  await audit({ at: now, who: execution, what, why: `members run ${plan.from}`, after: hops }, `upgrade-${token}`);
  return { beganAt: record.beganAt };
}
