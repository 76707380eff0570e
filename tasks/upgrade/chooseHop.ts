import { Fault } from '#etcd/faults.ts';
import { untilSteady } from '../agents/ask.ts';
import { environment } from '../aws/environment.ts';
import type { Hop, Tasks } from '../catalogue.ts';
import { renewLease } from '../lock/lease.ts';
import type { MemberSurvey, UpgradeFacts } from '../plan/upgradeFacts.ts';
import { v2Problems } from '../plan/upgradeFacts.ts';
import { backupsOf, planUpgrade, v2MemberOf } from '../plan/upgradePlan.ts';
import { withHop } from '../plan/upgradeRecord.ts';
import { obtainableReleases, readFacts } from './facts.ts';
import { keepUpgrade, ownUpgrade } from './ownUpgrade.ts';

type Input = Tasks['chooseHop']['input'];

const none: Hop = {
  kind: 'patch',
  from: '',
  to: '',
  snapshotCount: 0,
  clusterVersion: '',
  raftSnapshot: false,
  v2Api: false,
  deletesV2Keys: false,
  checksV2Store: false,
  gates: [],
};

/** Decides by what the members run now which hop is next, and notes it. @throws Fault `UpgradeNotPossible` */
export async function handler(input: Input): Promise<Tasks['chooseHop']['output']> {
  const { execution, token, leaseSeconds, request } = input;
  await renewLease({ holder: execution, token }, leaseSeconds);
  const record = await ownUpgrade(token);
  const releases = await obtainableReleases([record.to]);
  const facts = await untilSteady(async () => {
    const seen = await readFacts(execution, releases);
    return { seen, passing: [...silentIn(seen).map(({ problem }) => problem), ...v2Problems(seen)] };
  });
  const silent = silentIn(facts);
  if (silent.length > 0)
    throw new Fault(
      'MemberNotHealthy',
      `nothing more is upgraded: ${silent.map(({ instanceId, problem }) => `${instanceId} does not say what it runs (${problem})`).join('; ')}; where an instance was lost, abandon the upgrade, and start it again once a new member has joined`,
    );
  // Where nobody knows whether there are keys, the next release could take them away from clients.
  const unlisted = v2Problems(facts);
  if (unlisted.length > 0) throw new Fault('MemberNotHealthy', `nothing more is upgraded: ${unlisted.join('; ')}`);
  const isBack = request.action === 'rollBack' && record.current === undefined;
  const planned = planUpgrade(facts, isBack ? { ...request, action: 'resume' } : request, environment('CLUSTER'));
  if (planned.verdict === 'refused') throw new Fault('UpgradeNotPossible', planned.reasons.join('; '));
  const { hops, order } = planned.plan;
  const members = order.map(({ member }) => member);
  const [hop] = hops;
  const { strategy } = record;
  const done = record.done.length;
  if (hop === undefined)
    return { step: 'done', hop: none, strategy, done, remaining: 0, members, v2Member: '', backups: [] };
  await keepUpgrade(withHop(record, hop));
  const v2Member = v2MemberOf(facts);
  const backups = backupsOf(facts, hop);
  return { step: 'hop', hop, strategy, done, remaining: hops.length, members, v2Member, backups };
}

/** Those that do not say what they run. */
function silentIn({ surveys }: UpgradeFacts): readonly MemberSurvey[] {
  return surveys.filter(({ survey }) => survey?.description.etcd.version == null);
}
