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
import { planAbandonment, planRegionChange } from '../plan/regionChange.ts';
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
  if (request.action === 'abandon') return abandonment(execution, refuse);
  const record = await readRegionChange();
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

/** Asks no member, and no region where the record says what is given up: it must be possible whatever has become of them. */
async function abandonment(execution: string, refuse: (why: readonly string[]) => Fault): Promise<Task['output']> {
  const [lock, record] = await Promise.all([readLock(), readRegionChange()]);
  const lockLeft = await endedHolder(lock, execution);
  const held = lockProblems({ lock, holderEnded: lockLeft });
  if (held.length > 0) throw refuse(held);
  const halted = record !== null && record.endedAt === undefined;
  const left = lockLeft && !halted ? { groups: await readGroups() } : null;
  const plan = planAbandonment(environment('CLUSTER'), record, left);
  if (plan === null) throw refuse(['there is nothing to abandon: no change of regions was halted']);
  return plan;
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
