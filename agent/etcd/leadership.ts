/**
 * Where the leader of a cluster in two regions should be: in the region whose voters are a quorum by themselves. From there a write costs a round trip
 * within the region; from the other one each write crosses the regions (measured: 12 ms became 200 ms, etcd issue 11836), and a cut between them
 * costs an election. Pure.
 */
import { called, type KnownMember, statesOf } from './knownMembers.ts';
import { quorum } from './membership.ts';
import { compareVersions } from './versions.ts';

/** etcd has the MoveLeader call from here on (CHANGELOG-3.3). Before, an upgrade's order is what brings the leader home. */
export const moveLeaderFrom = '3.3.0';

/** The region whose voters are a quorum without anybody else; null where none is, or nobody knows. */
export function quorumRegion(members: readonly KnownMember[]): string | null {
  const voters = members.filter(({ isLearner }) => !isLearner);
  const regions = new Set(voters.map(({ region }) => region));
  for (const region of regions)
    if (region !== null && voters.filter((voter) => voter.region === region).length >= quorum(voters.length))
      return region;
  return null;
}

/** Of those who may take over: the ones in the region of the quorum, where there are any; in a cluster of one region, all. */
export function heirsAtHome(
  candidates: readonly KnownMember[],
  members: readonly KnownMember[],
): readonly KnownMember[] {
  const home = quorumRegion(members);
  const there = candidates.filter(({ region, healthy }) => healthy && region === home && region !== null);
  return there.length === 0 ? candidates : there;
}

export interface LeadershipFacts {
  /** Own member id; this agent's member leads. */
  readonly ownId: string;
  readonly members: readonly KnownMember[];
  /** X.Y.Z of this member. */
  readonly version: string;
  /** Milliseconds for which this agent has seen its member lead while home could have. */
  readonly awayForMs: number;
  /** Milliseconds since this agent moved the leadership last; infinite: it never did. */
  readonly sinceMoveMs: number;
}

export type LeadershipDecision =
  | { readonly action: 'stay'; readonly reason: string; readonly away: boolean }
  /** To one of these. */
  | { readonly action: 'move'; readonly to: readonly KnownMember[]; readonly reason: string };

/** How long a leader may be away before it goes home: an election that is being undone by another one helps nobody. */
export const awayAllowedMs = 30_000;
/** A leadership that comes back at once is not moved again at once: the region at home may be busy, or its link bad. */
export const betweenMovesMs = 120_000;

/** What becomes of a leader, decided by its own agent. */
export function leadershipDecision(facts: LeadershipFacts): LeadershipDecision {
  const { ownId, members, version, awayForMs, sinceMoveMs } = facts;
  const own = members.find(({ id }) => id === ownId);
  const home = quorumRegion(members);
  if (own === undefined || own.region === null || home === null) return stay('no region holds a quorum by itself');
  if (own.region === home) return stay(`${home} holds the quorum, and the leader is there`);
  const voters = members.filter(({ isLearner }) => !isLearner);
  const heirs = voters.filter(({ region, healthy }) => region === home && healthy);
  const healthy = statesOf(voters).filter((voter) => voter.healthy).length;
  if (heirs.length === 0 || healthy < quorum(voters.length)) return stay(`nobody in ${home} can lead now`);
  if (compareVersions(version, moveLeaderFrom) < 0)
    return stay(`${called(own)} leads from ${own.region}, and etcd ${version} cannot move the leadership`);
  const why = `${home} holds the quorum, and ${called(own)} leads from ${own.region}`;
  if (awayForMs < awayAllowedMs || sinceMoveMs < betweenMovesMs) return { action: 'stay', reason: why, away: true };
  return { action: 'move', to: heirs, reason: why };
}

function stay(reason: string): LeadershipDecision {
  return { action: 'stay', reason, away: false };
}
