/** What an instance and its agent's status say about a member. Pure. */
import { quorum } from '#etcd/membership.ts';
import type { Description } from '../../../agent/protocol.ts';
import type { ClusterHealth, MemberView } from './views.ts';

export interface InstanceFacts {
  readonly instanceId: string;
  readonly address: string;
  readonly zone: string;
  readonly state: string;
}

/** @param status the agent's description, or, where it did not answer, why */
export function memberView(instance: InstanceFacts, status: Description | { readonly unanswered: string }): MemberView {
  const { instanceId, zone, address, state } = instance;
  const place = { instanceId, zone, address, instanceState: state };
  if ('unanswered' in status) {
    const reasons = [status.unanswered];
    return {
      ...place,
      name: instanceId,
      version: null,
      role: null,
      health: 'unknown',
      reasons,
      serves: null,
      database: null,
    };
  }
  const { member, health, database } = status;
  const self = member?.members.find(({ id }) => id === member.id);
  const reasons = health.verdict === 'healthy' ? [] : health.reasons;
  return {
    ...place,
    name: self?.name || instanceId,
    version: status.etcd.version,
    role: roleOf(status),
    health: health.verdict,
    reasons: status.phase === 'running' ? reasons : [status.reason, ...reasons].filter((reason) => reason !== ''),
    serves: { transport: status.transport ?? 'plain', certificateEndsAt: status.tls?.endsAt ?? null },
    database: database && { bytes: database.bytes, quotaBytes: database.quotaBytes },
  };
}

function roleOf({ member }: Description): MemberView['role'] {
  if (member === null || member.id === null) return null;
  if (member.members.some(({ id, isLearner }) => id === member.id && isLearner)) return 'learner';
  if (member.isLeader) return 'leader';
  return member.leaderId === null ? null : 'follower';
}

/** The cluster in one sentence: whether it answers, and how far it is from losing its quorum. */
export function clusterHealth(members: readonly MemberView[]): ClusterHealth {
  const voting = members.filter(({ role }) => role !== 'learner');
  const healthy = voting.filter(({ health }) => health === 'healthy').length;
  if (members.length === 0) return { verdict: 'starting', summary: 'No instances yet' };
  const leader = members.find(({ role }) => role === 'leader');
  const count = `${healthy} of ${voting.length} member${voting.length === 1 ? '' : 's'} healthy`;
  const led = leader ? `leader ${leader.name}` : 'no leader';
  if (healthy === voting.length) return { verdict: 'healthy', summary: `${count}, ${led}` };
  if (healthy >= quorum(voting.length)) return { verdict: 'degraded', summary: `${count}, ${led}` };
  const starting = members.every(({ health, version }) => health === 'converging' || version === null);
  return starting
    ? { verdict: 'starting', summary: `${count} so far` }
    : { verdict: 'down', summary: `${count}: no quorum` };
}
