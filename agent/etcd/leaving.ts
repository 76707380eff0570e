/** What a member does next whose instance is being terminated. Pure: the agent acts on it and asks again. */
import { called, type KnownMember, named, settleMs, statesOf } from './knownMembers.ts';
import { heirsAtHome, moveLeaderFrom } from './leadership.ts';
import { quorum, safetyOf } from './membership.ts';
import { factsOf } from './minors.ts';
import { compareVersions } from './versions.ts';

export interface LeaveFacts {
  /** Own member id; null where this instance is none (any more). */
  readonly memberId: string | null;
  readonly members: readonly KnownMember[];
  readonly leaderId: string | null;
  /** Members that all regions want; 0 while the whole cluster is being deleted. */
  readonly wanted: number;
  /** X.Y.Z that the cluster runs. */
  readonly version: string;
  readonly sinceChangeMs: number;
  /** Whether leadership was moved away already, or could not be. */
  readonly handedOff: boolean;
}

export type LeaveDecision =
  | { readonly action: 'wait'; readonly reason: string }
  | { readonly action: 'handOff'; readonly to: string; readonly reason: string }
  | { readonly action: 'remove'; readonly reason: string }
  /** Nothing (more) to do with the cluster: stop etcd and let the instance go. */
  | { readonly action: 'go'; readonly reason: string };

export function leaveDecision(facts: LeaveFacts): LeaveDecision {
  const { memberId, members, wanted } = facts;
  if (wanted === 0) return { action: 'go', reason: 'the cluster is being deleted' };
  const own = members.find(({ id }) => id === memberId);
  if (own === undefined) return { action: 'go', reason: 'this instance is not a member' };
  const blocked = own.isLearner ? null : blockedBy(facts, own);
  if (blocked !== null) return { action: 'wait', reason: blocked };
  const heir = facts.handedOff || facts.leaderId !== own.id ? null : heirOf(facts, own);
  if (heir !== null)
    return { action: 'handOff', to: heir.id, reason: `${called(own)} leads and leaves: ${called(heir)} takes over` };
  return { action: 'remove', reason: `${called(own)} leaves: its instance is being terminated` };
}

function blockedBy({ members, wanted, version, sinceChangeMs }: LeaveFacts, own: KnownMember): string | null {
  const { verdict, reasons } = safetyOf(statesOf(members), { kind: 'remove', name: own.id });
  if (verdict === 'unsafe') return `leaving would lose the quorum: ${named(reasons, members)}`;
  const left = members.filter(({ id, isLearner }) => id !== own.id && !isLearner).length;
  // A voter can never be added to one voter without risking its quorum, and before 3.4 there are only voters to add.
  if (left === 1 && wanted > 1 && !factsOf(version).learners)
    return `one member would be left, which etcd ${version} cannot grow again safely: another has to join first`;
  return sinceChangeMs < settleMs ? 'the last membership change has to settle' : null;
}

/** A healthy voter; the quorum must not depend on one that is down. Before 3.3 the leader's removal is an election. */
function heirOf({ members, version }: LeaveFacts, own: KnownMember): KnownMember | null {
  if (compareVersions(version, moveLeaderFrom) < 0) return null;
  const voters = members.filter(({ isLearner }) => !isLearner);
  const healthy = voters.filter(({ id, healthy: well }) => id !== own.id && well);
  return healthy.length + 1 >= quorum(voters.length) ? (heirsAtHome(healthy, members)[0] ?? null) : null;
}
