import { Fault } from '#etcd/faults.ts';
import { untilSteady } from '../agents/ask.ts';
import { environment } from '../aws/environment.ts';
import { newestBackup } from '../aws/objects.ts';
import { readLock, readUpgrade } from '../aws/record.ts';
import type { Tasks, UpgradePlan } from '../catalogue.ts';
import { endedHolder } from '../lock/holder.ts';
import { lockProblems, upgradeProblems } from '../plan/upgradeFacts.ts';
import { planAbandonment, planUpgrade } from '../plan/upgradePlan.ts';
import { obtainableReleases, readFacts } from './facts.ts';

type Input = Tasks['planUpgrade']['input'];

/**
 * Looks whether the cluster can be upgraded now, and says how.
 * @throws Fault `PreflightFailed`, listing everything that is in the way; `UpgradeNotPossible` where etcd does not allow it
 */
export async function handler({ execution, request }: Input): Promise<Tasks['planUpgrade']['output']> {
  const cluster = environment('CLUSTER');
  if (request.action === 'abandon') return abandonment(execution, cluster);
  const to = request.to === '' ? ((await readUpgrade())?.to ?? '') : request.to;
  const releases = await obtainableReleases([to]);
  const { facts, problems } = await untilSteady(async () => {
    const facts = await readFacts(execution, releases);
    const problems = upgradeProblems(facts, request);
    // What lasts is said at once.
    return { seen: { facts, problems }, passing: problems.lasting.length > 0 ? [] : problems.passing };
  });
  // What was halted is gone on with, or taken back, because a member is not well: each agent looks at the others itself.
  const passing = request.action === 'upgrade' ? problems.passing : [];
  const all = [...problems.lasting, ...passing];
  const { clusterToken } = facts.bootstrap ?? {};
  const lastBackup = clusterToken === undefined ? null : await newestBackup(clusterToken);
  const planned = planUpgrade(facts, request, cluster, lastBackup);
  if (planned.verdict === 'refused' && facts.surveys.every(({ survey }) => survey !== null))
    throw new Fault('UpgradeNotPossible', `cluster ${cluster}: ${[...planned.reasons, ...all].join('; ')}`);
  if (all.length > 0)
    throw new Fault('PreflightFailed', `cluster ${cluster} cannot be upgraded now: ${all.join('; ')}`);
  if (planned.verdict === 'refused')
    throw new Fault('UpgradeNotPossible', `cluster ${cluster}: ${planned.reasons.join('; ')}`);
  return planned.plan;
}

/** Asks nobody: a halted upgrade must not keep the lock because a member does not answer. */
async function abandonment(execution: string, cluster: string): Promise<UpgradePlan> {
  const [lock, upgrade] = await Promise.all([readLock(), readUpgrade()]);
  const held = lockProblems({ lock, holderEnded: await endedHolder(lock, execution) });
  if (held.length > 0) throw new Fault('PreflightFailed', `cluster ${cluster}: ${held.join('; ')}`);
  const planned = planAbandonment({ lock, upgrade }, cluster);
  if (planned.verdict === 'planned') return planned.plan;
  throw new Fault('UpgradeNotPossible', `cluster ${cluster}: ${planned.reasons.join('; ')}`);
}
