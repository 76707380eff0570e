/** What is wrong with a cluster, from what was found out. Pure. */
import { quorum } from '#etcd/membership.ts';
import type { RegionChangeRecord, UpgradeRecord } from '#etcd/record.ts';
import { regionOfZone } from '#etcd/regions.ts';
import type { Description } from '../../agent/protocol.ts';
import type { InstanceFacts, Problem, StatusFacts } from './facts.ts';

/** Of its quota; the alarm's threshold. */
const nearQuota = 0.8;

/** In the order in which an operator should look at them; empty when all is well. */
export function problemsOf(facts: StatusFacts): readonly Problem[] {
  return [
    ...ofRecord(facts),
    ...facts.silent.map(({ region, reason }) => ({
      text: `${region} does not answer, so that nobody knows how its members are: ${reason}`,
      heading: 'region-silent',
    })),
    ...ofCluster(facts),
    ...facts.group.instances.flatMap(ofInstance),
    ...ofGroup(facts),
    ...ofLock(facts),
    ...ofDns(facts),
  ];
}

/** Whether an operation is at work: it holds the lock, has not ended and renews its lease. */
export function operating({ lock, at, holderEnded }: Pick<StatusFacts, 'lock' | 'at' | 'holderEnded'>): boolean {
  return lock?.holder !== undefined && !holderEnded && (lock.leaseUntilMs ?? 0) >= Date.parse(at);
}

function ofRecord({ bootstrap, executions }: StatusFacts): Problem[] {
  if (bootstrap?.createdAt !== undefined) return [];
  const last = executions.find(({ machine }) => machine.endsWith('ClusterBootstrap'));
  const how = last === undefined ? '' : `; ClusterBootstrap ${last.name} is ${last.status}`;
  return [{ text: `the cluster has not been created${how}`, heading: 'bootstrap-failed' }];
}

function ofCluster(facts: StatusFacts): Problem[] {
  const { group, bootstrap } = facts;
  const agents = group.instances.map(({ agent }) => agent).filter((agent) => agent !== null);
  const running = agents.filter(({ member }) => member !== null);
  const ids = [...new Set(running.map(({ member }) => member?.clusterId))];
  if (ids.length > 1)
    return [{ text: `members are in different clusters: ${ids.join(', ')}`, heading: 'members-disagree' }];
  // Until then nothing can be expected of them.
  if (bootstrap?.createdAt === undefined) return [];
  const leader = running.find(({ member }) => member?.isLeader);
  if (leader === undefined) return [{ text: 'no member leads', heading: 'no-leader' }];
  const upgrading = operating(facts) && facts.lock?.purpose === 'RollingUpgrade';
  return [
    ...ofMembership(leader, group),
    ...(upgrading ? [] : ofVersions(running)),
    ...(operating(facts) ? [] : ofTransports(running)),
  ];
}

/** A migration that was left in the middle: agents speak HTTP to whoever speaks no TLS until one ends. */
function ofTransports(running: readonly Description[]): Problem[] {
  const served = [...new Set(running.map(({ transport = 'plain' }) => transport))].sort();
  if (served.length < 2) return [];
  const text = `members serve differently (${served.join(', ')}): start MigrateToTls to end it`;
  return [{ text, heading: 'migration-halted' }];
}

/** As the leader lists them. */
function ofMembership({ member, housekeeping }: Description, { instances, desired }: StatusFacts['group']): Problem[] {
  const listed = member?.members ?? [];
  const voters = listed.filter(({ isLearner }) => !isLearner);
  const known = new Set(instances.map(({ instanceId }) => instanceId));
  const dead = listed.filter(({ name }) => name !== '' && !known.has(name));
  const healthy = voters.filter(({ name }) => isHealthy(instances, name)).length;
  const margin = healthy - quorum(voters.length);
  const problems: Problem[] = dead.map(({ id, name }) => {
    return { text: `the member ${id} (${name}) has no instance in the group`, heading: 'dead-member' };
  });
  if (margin < 0 || (margin === 0 && voters.length >= 3)) {
    const what = margin < 0 ? 'the quorum is lost' : 'the loss of one more loses the quorum';
    problems.push({ text: `${healthy} of ${voters.length} voters are healthy: ${what}`, heading: 'quorum-at-risk' });
  }
  if (voters.length < desired)
    problems.push({ text: `${voters.length} of ${desired} members`, heading: 'member-missing' });
  if (voters.length > desired) {
    problems.push({ text: `${voters.length} members where the group wants ${desired}`, heading: 'surplus-members' });
  }
  const late = (housekeeping?.findings ?? []).filter(({ kind }) => kind === 'lateNewcomer');
  return [...problems, ...late.map(({ text }) => ({ text, heading: 'newcomer-late' }))];
}

function isHealthy(instances: readonly InstanceFacts[], name: string): boolean {
  return instances.find(({ instanceId }) => instanceId === name)?.agent?.health.verdict === 'healthy';
}

function ofVersions(running: readonly Description[]): Problem[] {
  const versions = [...new Set(running.map(({ etcd }) => etcd.version))].sort();
  if (versions.length < 2) return [];
  return [{ text: `members run different versions: ${versions.join(', ')}`, heading: 'version-skew' }];
}

function ofInstance({ instanceId, lifecycleState, agent, unreachable }: InstanceFacts): Problem[] {
  // One that is on its way out or in is told by the group's count.
  if (lifecycleState !== 'InService' && agent?.phase !== 'leaving') return [];
  if (agent === null) return [{ text: `${instanceId}: ${unreachable}`, heading: 'instance-not-reachable' }];
  const { phase, reason, health, database } = agent;
  const said = (heading: string) => [{ text: `${instanceId} is ${phase}: ${reason}`, heading }];
  if (phase === 'crashLooping') return said('member-crash-looping');
  if (phase === 'awaitingJoin' || phase === 'joining') return said('member-waiting-to-join');
  if (phase === 'leaving') return said('member-leaving');
  if (phase === 'left') return [];
  if (health.verdict !== 'healthy') {
    return [
      { text: `${instanceId} is ${health.verdict}: ${health.reasons.join('; ')}`, heading: headingOf(health.reasons) },
    ];
  }
  const used = database === null ? 0 : database.bytes / database.quotaBytes;
  if (used < nearQuota) return [];
  return [
    {
      text: `${instanceId}: the database takes ${Math.round(used * 100)} % of its quota`,
      heading: 'database-near-quota',
    },
  ];
}

function headingOf(reasons: readonly string[]): string {
  if (reasons.some((reason) => reason.endsWith('alarm NOSPACE'))) return 'no-space';
  if (reasons.some((reason) => reason.endsWith('alarm CORRUPT'))) return 'corrupt-member';
  return 'member-not-healthy';
}

function ofGroup(facts: StatusFacts): Problem[] {
  const { instances, desired, suspended } = facts.group;
  const inService = instances.filter(({ lifecycleState }) => lifecycleState === 'InService').length;
  const problems: Problem[] = [];
  if (inService < desired) {
    problems.push({ text: `${inService} of ${desired} instances in service`, heading: 'instances-missing' });
  }
  if (suspended.length > 0 && !operating(facts)) {
    const names = suspended.map(({ process }) => process).join(', ');
    problems.push({ text: `suspended, and no operation is at work: ${names}`, heading: 'processes-suspended' });
  }
  return problems;
}

function ofLock(facts: StatusFacts): Problem[] {
  const { lock } = facts;
  if (lock?.holder === undefined || operating(facts)) return [];
  if (isHalted(facts)) return [{ text: haltedText(facts.upgrade, lock.holder), heading: 'upgrade-halted' }];
  const moving = haltedRegionChange(facts);
  if (moving !== null) return [{ text: movingText(moving, facts, lock.holder), heading: 'regions-halted' }];
  const state = facts.holderEnded ? 'has ended' : 'does not renew its lease: it has ended, or crashed';
  const heading = lock.purpose === 'MigrateToTls' ? 'migration-halted' : 'lock-held';
  return [{ text: `${lock.holder} holds the lock (${lock.purpose}) and ${state}`, heading }];
}

function isHalted(facts: StatusFacts): facts is StatusFacts & { readonly upgrade: UpgradeRecord } {
  const { lock, holderEnded, upgrade } = facts;
  return lock?.purpose === 'RollingUpgrade' && holderEnded && upgrade !== null && upgrade.endedAt === undefined;
}

function haltedText({ from, to, current }: UpgradeRecord, holder: string): string {
  const where = current === undefined ? 'between two hops' : `in the hop ${current.from} to ${current.to}`;
  const back =
    current === undefined ? '' : ', --roll-back takes the hop back while the cluster version has not changed';
  const out = `npm run upgrade -- --resume goes on${back}, --abandon frees the lock`;
  return `the upgrade from ${from} to ${to} (${holder}) has stopped ${where} and keeps the lock: ${out}`;
}

function haltedRegionChange({ lock, holderEnded, regionChange }: StatusFacts): RegionChangeRecord | null {
  const halted = lock?.purpose === 'MultiregionMigration' && holderEnded && regionChange?.endedAt === undefined;
  return halted ? regionChange : null;
}

/** Members are counted by their instances; one that has just come up may not have joined. */
function movingText({ home, remote, from, to }: RegionChangeRecord, { group }: StatusFacts, holder: string): string {
  const [atHome, elsewhere] = [home, remote].map(
    (region) => group.instances.filter(({ zone }) => regionOfZone(zone) === region).length,
  );
  const out = 'start MultiregionMigration with the action resume, rollBack or abandon';
  const way = `from ${from.home} + ${from.remote} to ${to.home} + ${to.remote}`;
  return `the change of regions ${way} (${holder}) has stopped with ${atHome} instances in ${home} and ${elsewhere} in ${remote}, and keeps the lock: ${out}`;
}

function ofDns(facts: StatusFacts): Problem[] {
  const { verdict, reason } = facts.dns;
  if (facts.bootstrap?.createdAt === undefined) return [];
  // Agents change no records while the lock is held.
  if (verdict === 'inSync' || (verdict === 'differs' && operating(facts))) return [];
  const headings = { differs: 'dns-differs', notOurs: 'dns-not-ours', unknown: 'dns-unknown' } as const;
  return [{ text: `DNS: ${reason}`, heading: headings[verdict] }];
}
