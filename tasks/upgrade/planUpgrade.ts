import { Fault } from '#etcd/faults.ts';
import { untilSteady } from '../agents/ask.ts';
import { environment } from '../aws/environment.ts';
import type { Tasks } from '../catalogue.ts';
import { upgradeProblems } from '../plan/upgradeFacts.ts';
import { planUpgrade } from '../plan/upgradePlan.ts';
import { obtainableReleases, readFacts } from './facts.ts';

type Input = Tasks['planUpgrade']['input'];

/**
 * Looks whether the cluster can be upgraded now, and says how.
 * @throws Fault `PreflightFailed`, listing everything that is in the way; `UpgradeNotPossible` where etcd does not allow it
 */
export async function handler({ execution, request }: Input): Promise<Tasks['planUpgrade']['output']> {
  const cluster = environment('CLUSTER');
  const releases = await obtainableReleases([request.to]);
  const { facts, problems } = await untilSteady(async () => {
    const facts = await readFacts(execution, releases);
    const problems = upgradeProblems(facts, request);
    // What lasts is said at once.
    return { seen: { facts, problems }, passing: problems.lasting.length > 0 ? [] : problems.passing };
  });
  // What was halted is gone on with, or taken back, because a member is not well: each agent looks at the others itself.
  const passing = request.action === 'upgrade' ? problems.passing : [];
  const all = [...problems.lasting, ...passing];
  const planned = planUpgrade(facts, request, cluster);
  if (planned.verdict === 'refused' && facts.surveys.every(({ survey }) => survey !== null))
    throw new Fault('UpgradeNotPossible', `cluster ${cluster}: ${[...planned.reasons, ...all].join('; ')}`);
  if (all.length > 0)
    throw new Fault('PreflightFailed', `cluster ${cluster} cannot be upgraded now: ${all.join('; ')}`);
  if (planned.verdict === 'refused')
    throw new Fault('UpgradeNotPossible', `cluster ${cluster}: ${planned.reasons.join('; ')}`);
  return planned.plan;
}
