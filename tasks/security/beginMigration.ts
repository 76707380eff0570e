import { environment } from '../aws/environment.ts';
import { audit, readTransport } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { begunMigration } from '../plan/migration.ts';
import { keepMigration } from './ownMigration.ts';

type Input = Tasks['beginMigration']['input'];

/** Notes where the cluster goes: from now on agents speak TLS to whoever does, and HTTP to the others. */
export async function handler(input: Input): Promise<Tasks['beginMigration']['output']> {
  const { execution, token, leaseSeconds, request, plan } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const before = await readTransport();
  if (before?.token === token) return { beganAt: before.beganAt };
  const now = new Date().toISOString();
  const { from, to } = plan;
  const record =
    request.action === 'abandon' && before !== null
      ? { ...before, token, execution }
      : begunMigration(before, { cluster: environment('CLUSTER'), execution, token, now, from, to });
  await keepMigration(record);
  const what = request.action === 'abandon' ? `migration to ${to} left` : `migration from ${from} to ${to} begun`;
  await audit({ at: now, who: execution, what, why: 'MigrateToTls', before, after: record }, `migration-${token}`);
  return { beganAt: record.beganAt };
}
