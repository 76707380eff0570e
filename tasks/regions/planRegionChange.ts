import { Fault } from '#etcd/faults.ts';
import { untilSteady } from '../agents/ask.ts';
import { environment } from '../aws/environment.ts';
import { readGroups } from '../aws/group.ts';
import { readLock, readRegionChange, readSettings } from '../aws/record.ts';
import type { Tasks } from '../catalogue.ts';
import { endedHolder } from '../lock/holder.ts';
import type { GroupState } from '../plan/group.ts';
import { operationProblems } from '../plan/migration.ts';
import { networkProblems } from '../plan/networkProblems.ts';
import { planRegionChange } from '../plan/regionChange.ts';
import { lockProblems } from '../plan/upgradeFacts.ts';
import { readFacts } from '../upgrade/facts.ts';
import { readNetworkFacts } from './networkFacts.ts';

type Task = Tasks['planRegionChange'];

/**
 * Looks whether members can be moved between the regions now, and says how.
 * @throws Fault `PreflightFailed`, listing everything that is in the way
 */
export async function handler({ execution, request }: Task['input']): Promise<Task['output']> {
  const cluster = environment('CLUSTER');
  const refuse = (why: readonly string[]) =>
    new Fault('PreflightFailed', `the regions of cluster ${cluster} are not changed: ${why.join('; ')}`);
  const record = await readRegionChange();
  if (request.action === 'abandon') {
    // Asks no member: it must be possible whatever has become of them.
    const lock = await readLock();
    const held = lockProblems({ lock, holderEnded: await endedHolder(lock, execution) });
    if (held.length > 0) throw refuse(held);
    const left = planRegionChange({ cluster, groups: await readGroups(), record }, request);
    if (left.verdict === 'refused') throw refuse(left.reasons);
    return left.plan;
  }
  const { facts, problems } = await untilSteady(async () => {
    const facts = await readFacts(execution, []);
    const problems = operationProblems(facts, 'moved');
    // What lasts is said at once.
    return { seen: { facts, problems }, passing: problems.lasting.length > 0 ? [] : problems.passing };
  });
  const planned = planRegionChange({ cluster, groups: facts.groups, record }, request);
  const reasons = planned.verdict === 'refused' ? planned.reasons : [];
  // One that was halted is gone on with in the middle of a move.
  const passing = facts.holderEnded ? [] : problems.passing;
  const enables = planned.verdict === 'planned' && planned.plan.enables;
  const network = enables ? await betweenRegions(cluster, facts.groups, planned.plan.remote) : [];
  const all = [...reasons, ...problems.lasting, ...passing, ...network];
  if (planned.verdict === 'refused' || all.length > 0) throw refuse(all);
  return planned.plan;
}

/** What keeps members of the two regions from each other. */
async function betweenRegions(
  cluster: string,
  [home, ...others]: readonly GroupState[],
  remote: string,
): Promise<readonly string[]> {
  const other = others.find(({ region }) => region === remote);
  const settings = await readSettings();
  if (home === undefined || other === undefined || settings === null)
    return ['the cluster record has no settings: deploy the stack again'];
  return networkProblems(await readNetworkFacts(cluster, [home, other], settings.hostedZone.id));
}
