import { Fault } from '#etcd/faults.ts';
import { askMembers, untilSteady } from '../agents/ask.ts';
import { environment } from '../aws/environment.ts';
import { readGroups } from '../aws/group.ts';
import { readBootstrap, readLock, readRotation } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { endedHolder } from '../lock/holder.ts';
import { settledInAll } from '../plan/rotatedGroups.ts';
import { rotationPlan, unknownInstances } from '../plan/rotationPlan.ts';
import { preflightProblems } from '../plan/rotationPreflight.ts';

type Input = Tasks['checkCluster']['input'];

/**
 * Looks whether instances can be replaced now, and what would be done.
 * @throws Fault `PreflightFailed`, listing everything that is in the way; `InvalidInput` where an instance is not in the group
 */
export async function handler({ execution, request }: Input): Promise<Tasks['checkCluster']['output']> {
  const { facts, problems } = await untilSteady(async () => {
    const [bootstrap, lock, rotation, groups] = await Promise.all([
      readBootstrap(),
      readLock(),
      readRotation(),
      readGroups(),
    ]);
    const settled = settledInAll(rotation, groups);
    const reports = await askMembers(settled, execution);
    const holderEnded = await endedHolder(lock, execution);
    const facts = { created: bootstrap?.createdAt !== undefined, lock, holderEnded, groups, rotation, reports };
    const problems = preflightProblems(facts);
    // What lasts is said at once.
    return { seen: { facts, problems }, passing: problems.lasting.length > 0 ? [] : problems.passing };
  });
  const all = [...problems.lasting, ...problems.passing];
  if (all.length > 0)
    throw new Fault('PreflightFailed', `cluster ${environment('CLUSTER')} cannot be rotated: ${all.join('; ')}`);
  const unknown = unknownInstances(facts, request);
  if (unknown !== null) throw new Fault('InvalidInput', unknown);
  return rotationPlan(facts, request);
}
