import { Fault } from '#etcd/faults.ts';
import { untilSteady } from '../agents/ask.ts';
import { environment } from '../aws/environment.ts';
import { readLock } from '../aws/record.ts';
import type { AuthorityRotationPlan, AuthorityState, Tasks } from '../catalogue.ts';
import { endedHolder } from '../lock/holder.ts';
import { planAbandonedAuthority, planAuthorityRotation } from '../plan/authorityPlan.ts';
import { authorityProblems } from '../plan/authorityPreflight.ts';
import { lockProblems } from '../plan/upgradeFacts.ts';
import { readFacts } from '../upgrade/facts.ts';

type Task = Tasks['planAuthorityRotation'];

/**
 * Looks whether the authority can be replaced now, and says how.
 * @throws Fault `PreflightFailed`, listing everything that is in the way
 */
export async function handler({ execution, request, authorities }: Task['input']): Promise<Task['output']> {
  const cluster = environment('CLUSTER');
  if (request.action === 'abandon') return abandonment(execution, authorities, cluster);
  const { facts, problems } = await untilSteady(async () => {
    const facts = await readFacts(execution, []);
    const problems = authorityProblems(facts);
    // What lasts is said at once.
    return { seen: { facts, problems }, passing: problems.lasting.length > 0 ? [] : problems.passing };
  });
  // One that was halted is gone on with because a member is not well: its step mends it, or says why not.
  const all = [...problems.lasting, ...(facts.holderEnded ? [] : problems.passing)];
  if (all.length > 0) throw refusal(cluster, all);
  const planned = planAuthorityRotation(authorities, facts.surveys, request, cluster, facts.holderEnded);
  if (planned.verdict === 'planned') return planned.plan;
  throw refusal(cluster, [planned.why]);
}

/** Asks no member: it must be possible whatever has become of them. */
async function abandonment(
  execution: string,
  authorities: AuthorityState,
  cluster: string,
): Promise<AuthorityRotationPlan> {
  const lock = await readLock();
  const held = lockProblems({ lock, holderEnded: await endedHolder(lock, execution) });
  if (held.length > 0) throw refusal(cluster, held);
  return planAbandonedAuthority(authorities, cluster);
}

function refusal(cluster: string, why: readonly string[]): Fault {
  return new Fault('PreflightFailed', `the certificate authority of ${cluster} is not replaced: ${why.join('; ')}`);
}
