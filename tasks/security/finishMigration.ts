import { environment } from '../aws/environment.ts';
import { audit } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import { endedMigration } from '../plan/migration.ts';
import { keepMigration, ownMigration } from './ownMigration.ts';

type Input = Tasks['finishMigration']['input'];

/** Notes the end, from when on agents are as strict as their members, and says what was done. */
export async function handler(input: Input): Promise<Tasks['finishMigration']['output']> {
  const { execution, token, leaseSeconds, request, plan } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const before = await ownMigration(token);
  const abandoned = request.action === 'abandon';
  const to = before.moving ?? before.settled;
  const endedAt = before.endedAt ?? new Date().toISOString();
  if (before.endedAt === undefined) {
    const record = endedMigration(before, endedAt, abandoned);
    await keepMigration(record);
    const what = `migration to ${to} ${abandoned ? 'abandoned' : 'ended'}`;
    await audit({ at: endedAt, who: execution, what, why: 'MigrateToTls', before, after: record }, `migrated-${token}`);
  }
  const { beganAt } = before;
  return { cluster: environment('CLUSTER'), from: plan.from, to, beganAt, endedAt, abandoned };
}
