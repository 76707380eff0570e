import { environment } from '../aws/environment.ts';
import { audit, readUpgrade } from '../aws/record.ts';
import type { Tasks, UpgradeReport } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { keepUpgrade, ownUpgrade } from './ownUpgrade.ts';

type Input = Tasks['finishUpgrade']['input'];

/** Notes the end, and says what was done. */
export async function handler(input: Input): Promise<Tasks['finishUpgrade']['output']> {
  const { execution, token, leaseSeconds, abandoned } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  if (abandoned && (await readUpgrade())?.token !== token) return nothingBegun();
  const record = await ownUpgrade(token);
  const endedAt = record.endedAt ?? new Date().toISOString();
  if (record.endedAt === undefined) {
    await keepUpgrade({ ...record, endedAt });
    const what = `upgrade to ${record.to} ${abandoned ? 'abandoned' : 'ended'}`;
    await audit(
      { at: endedAt, who: execution, what, why: `it began with ${record.from}`, after: record.done },
      `upgraded-${token}`,
    );
  }
  const { from, to, beganAt, done } = record;
  return { cluster: environment('CLUSTER'), from, to, beganAt, endedAt, abandoned, hops: done };
}

/** The one that held the lock had died before it noted anything. */
function nothingBegun(): UpgradeReport {
  const at = new Date().toISOString();
  return { cluster: environment('CLUSTER'), from: '', to: '', beganAt: at, endedAt: at, abandoned: true, hops: [] };
}
