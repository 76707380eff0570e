import { Fault } from '#etcd/faults.ts';
import { untilSteady } from '../agents/ask.ts';
import { environment } from '../aws/environment.ts';
import { readLock, readTransport } from '../aws/record.ts';
import type { MigrationPlan, Tasks } from '../catalogue.ts';
import { endedHolder } from '../lock/holder.ts';
import { migrationPlan, migrationProblems } from '../plan/migration.ts';
import { lockProblems } from '../plan/upgradeFacts.ts';
import { readFacts } from '../upgrade/facts.ts';

type Input = Tasks['planMigration']['input'];

/**
 * Looks whether the members can be reconfigured now, and says how.
 * @throws Fault `PreflightFailed`, listing everything that is in the way
 */
export async function handler({ execution, request }: Input): Promise<Tasks['planMigration']['output']> {
  const cluster = environment('CLUSTER');
  if (request.action === 'abandon') return abandonment(execution, cluster);
  const { facts, problems } = await untilSteady(async () => {
    const facts = await readFacts(execution, []);
    const problems = migrationProblems(facts);
    // What lasts is said at once.
    return { seen: { facts, problems }, passing: problems.lasting.length > 0 ? [] : problems.passing };
  });
  // One that was halted is gone on with because a member is not well: its step mends it, or says why not.
  const passing = facts.holderEnded ? [] : problems.passing;
  const all = [...problems.lasting, ...passing];
  if (all.length > 0)
    throw new Fault('PreflightFailed', `cluster ${cluster} cannot be reconfigured: ${all.join('; ')}`);
  return migrationPlan(facts, request, cluster);
}

/** Asks no member: it must be possible whatever has become of them. */
async function abandonment(execution: string, cluster: string): Promise<MigrationPlan> {
  const [lock, record] = await Promise.all([readLock(), readTransport()]);
  const held = lockProblems({ lock, holderEnded: await endedHolder(lock, execution) });
  if (held.length > 0) throw new Fault('PreflightFailed', held.join('; '));
  const from = record?.settled ?? 'plain';
  const steps = ['The members stay as they are, and the lock is freed.'];
  return { cluster, from, to: record?.moving ?? from, transports: [], order: [], steps };
}
