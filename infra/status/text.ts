/** The status for a person's eyes. Pure. */
import type { UpgradeRecord } from '#etcd/record.ts';
import type { Description } from '../../agent/protocol.ts';
import { bytesText, durationText, table } from '../operator/text.ts';
import { differences } from './dns.ts';
import type { InstanceFacts, Problem, StatusFacts } from './facts.ts';
import { operating } from './problems.ts';

export function statusText(facts: StatusFacts, problems: readonly Problem[]): string {
  const { cluster, bootstrap, group, dns, executions } = facts;
  const created = bootstrap?.createdAt === undefined ? 'not created' : `created ${bootstrap.createdAt}`;
  const suspended = group.suspended.map(({ process, reason }) => `${process}${reason === '' ? '' : ` (${reason})`}`);
  return [
    `Cluster ${cluster}, ${created}; ${facts.at}`,
    '',
    `Members: the group ${group.name} wants ${group.desired}`,
    ...table(group.instances.map(row)),
    ...group.instances.flatMap(reasonsOf),
    '',
    `Lock       ${lockText(facts)}`,
    ...(facts.upgrade === null ? [] : [`Upgrade    ${upgradeText(facts.upgrade)}`]),
    `DNS        ${dns.verdict === 'inSync' ? `in sync, ${dns.actual.length} records` : `${dns.verdict}: ${dns.reason}`}`,
    ...(dns.verdict === 'inSync' ? [] : differences(dns).map((line) => `           ${line}`)),
    `Suspended  ${suspended.length === 0 ? 'no process of the group' : suspended.join(', ')}`,
    '',
    'Last executions',
    ...(executions.length === 0
      ? ['  none']
      : table(executions.map((one) => [one.startedAt, one.status, one.machine, one.name]))),
    '',
    ...(problems.length === 0 ? ['All is well.'] : ['Wrong:']),
    ...problems.map(({ text, heading }) => `  ${text}\n    docs/runbook.md#${heading}`),
    '',
  ].join('\n');
}

function row({ instanceId, zone, lifecycleState, address, agent }: InstanceFacts): readonly string[] {
  const place = [instanceId, zone, address ?? '-', lifecycleState];
  if (agent === null) return [...place, '-', '-', '-', 'not reached'];
  const health = agent.phase === 'running' ? agent.health.verdict : `${agent.phase}, ${agent.health.verdict}`;
  return [
    ...place,
    agent.etcd.version ?? '-',
    servesWords[agent.transport ?? 'plain'],
    roleOf(agent),
    health,
    sizeOf(agent),
  ];
}

const servesWords = { plain: 'HTTP', both: 'HTTP+TLS', tls: 'TLS' } as const;

function roleOf({ member }: Description): string {
  const self = member?.members.find(({ id }) => id === member.id);
  if (member === null || self === undefined) return '-';
  if (self.isLearner) return 'learner';
  return member.isLeader ? 'leader' : 'follower';
}

function sizeOf({ database }: Description): string {
  return database === null ? '' : `${bytesText(database.bytes)} of ${bytesText(database.quotaBytes)}`;
}

function reasonsOf({ instanceId, agent, unreachable }: InstanceFacts): readonly string[] {
  if (agent === null) return [`  ${instanceId}: ${unreachable}`];
  const health = agent.health.verdict === 'healthy' ? [] : agent.health.reasons;
  const phase = agent.phase === 'running' ? [] : [agent.reason];
  return [...phase, ...health].map((reason) => `  ${instanceId}: ${reason}`);
}

function lockText(facts: StatusFacts): string {
  const { lock, at } = facts;
  if (lock?.holder === undefined) return 'free';
  const heldMs = Date.parse(at) - Date.parse(lock.takenAt ?? '');
  const held = Number.isFinite(heldMs) ? ` for ${durationText(heldMs)}` : '';
  const ended = facts.holderEnded ? 'it has ended' : 'its lease has run out';
  const lease = operating(facts) ? 'its lease is renewed' : ended;
  return `held${held} by ${lock.holder} (${lock.purpose}); ${lease}`;
}

function upgradeText({ from, to, beganAt, endedAt, current, done }: UpgradeRecord): string {
  const hops = `${done.length} ${done.length === 1 ? 'hop' : 'hops'} done`;
  const now = current === undefined ? '' : `, ${current.from} to ${current.to} under way`;
  return `${from} to ${to}, began ${beganAt}, ${endedAt === undefined ? `${hops}${now}` : `ended ${endedAt}`}`;
}
