/** What a member does next in its step of an upgrade: decided anew from each look, so that it can be interrupted anywhere. Pure. */
import { called, type KnownMember } from './knownMembers.ts';
import { quorum } from './membership.ts';
import { compareVersions, minorOf, minors } from './versions.ts';

/** How a member is started, as far as upgrades decide it. */
export interface Start {
  /** X.Y.Z */
  readonly version: string;
  /** Entries between two raft snapshots; 0: etcd's own default. */
  readonly snapshotCount: number;
  /** Whether the v2 API is served where that is not the default. */
  readonly v2Api: boolean;
}

export function sameStart(one: Start, other: Start): boolean {
  return one.version === other.version && one.snapshotCount === other.snapshotCount && one.v2Api === other.v2Api;
}

export interface StepFacts {
  /** Lower-case hex. */
  readonly ownId: string;
  /** How this member's etcd is started. */
  readonly runs: Start;
  readonly wanted: Start;
  /** Its etcd answered a read and a write as the version it is to run. */
  readonly ownHealthy: boolean;
  readonly members: readonly KnownMember[];
  readonly leaderId: string | null;
  /** X.Y.0; null where nobody says. */
  readonly clusterVersion: string | null;
  /** Whether the leadership was handed over before, whatever came of it. */
  readonly handedOver: boolean;
}

export type StepDecision =
  | { readonly action: 'done' }
  | { readonly action: 'awaitHealthy' }
  /** To this member's id. */
  | { readonly action: 'handOver'; readonly to: readonly KnownMember[] }
  | { readonly action: 'swap' }
  /** It may pass. */
  | { readonly action: 'wait'; readonly reason: string }
  | { readonly action: 'refuse'; readonly reason: string };

/** etcd has the MoveLeader call from here on; SIGTERM hands over by itself from 3.1 on (CHANGELOG-3.3, CHANGELOG-3.1). */
const moveLeaderFrom = '3.3.0';

export function stepDecision(facts: StepFacts): StepDecision {
  const { runs, wanted, ownHealthy, members, ownId, leaderId, handedOver } = facts;
  const wrong = wrongVersion(facts);
  if (wrong !== null) return { action: 'refuse', reason: wrong };
  if (sameStart(runs, wanted)) return ownHealthy ? { action: 'done' } : { action: 'awaitHealthy' };
  const others = members.filter(({ id, isLearner }) => id !== ownId && !isLearner);
  const unsafe = unsafeToStop(members, others);
  if (unsafe !== null) return { action: 'wait', reason: unsafe };
  const leads = leaderId === ownId && others.length > 0;
  if (leads && !handedOver && compareVersions(runs.version, moveLeaderFrom) >= 0)
    return { action: 'handOver', to: others };
  return { action: 'swap' };
}

/** A release whose minor the cluster has left, or has not come near yet. */
function wrongVersion({ clusterVersion, wanted }: StepFacts): string | null {
  const [cluster, next] = [minorOf(clusterVersion ?? ''), minorOf(wanted.version)];
  if (next === null) return `etcd ${wanted.version} is not a version from 2.0 to 3.7`;
  if (cluster === null) return null;
  const steps = minors.indexOf(next) - minors.indexOf(cluster);
  if (steps < 0)
    return `the cluster version is ${cluster} already: a member that runs ${wanted.version} could not come back`;
  return steps > 1 ? `the cluster version is ${cluster}: ${wanted.version} is more than one minor away` : null;
}

/** Everybody else must be well: one member at a time is out, and the others are a quorum without it. */
function unsafeToStop(members: readonly KnownMember[], others: readonly KnownMember[]): string | null {
  const sick = others.filter(({ healthy }) => !healthy);
  if (sick.length > 0) return `not healthy: ${sick.map(called).join(', ')}`;
  const learner = members.find(({ isLearner }) => isLearner);
  if (learner !== undefined) return `${called(learner)} is still a learner`;
  const voters = members.length;
  if (voters <= 1 || others.length >= quorum(voters)) return null;
  return `${others.length} of ${voters} voters would be left, and ${quorum(voters)} are needed`;
}

/** Of a step, in milliseconds: what is asked for, and a second for each 5 MB that etcd reads when it starts. */
export function stepTimeoutMs(askedMs: number, dataBytes: number): number {
  return askedMs + Math.ceil(dataBytes / 5_000);
}
