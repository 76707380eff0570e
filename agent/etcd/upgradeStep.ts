/** What a member does next in its step of an upgrade: decided anew from each look, so that it can be interrupted anywhere. Pure. */
import { called, type KnownMember } from './knownMembers.ts';
import { heirsAtHome, moveLeaderFrom } from './leadership.ts';
import { quorum } from './membership.ts';
import type { Transport } from './transport.ts';
import { compareVersions, highestOf, minorOf, minors } from './versions.ts';

/** How a member is started, as far as operations decide it. */
export interface Start {
  /** X.Y.Z */
  readonly version: string;
  /** Entries between two raft snapshots; 0: etcd's own default. */
  readonly snapshotCount: number;
  /** Whether the v2 API is served where that is not the default. */
  readonly v2Api: boolean;
  /** Absent: as it is. */
  readonly transport?: Transport;
  /** What it has to have read of its certificates (`readAtStart`). Absent: whatever it has. */
  readonly read?: string;
}

export function sameStart(one: Start, other: Start): boolean {
  const same = <Field>(a: Field | undefined, b: Field | undefined) => a === undefined || b === undefined || a === b;
  return (
    one.version === other.version &&
    one.snapshotCount === other.snapshotCount &&
    one.v2Api === other.v2Api &&
    same(one.transport, other.transport) &&
    same(one.read, other.read)
  );
}

export interface StepFacts {
  /** Lower-case hex. */
  readonly ownId: string;
  /** How this member's etcd is started. */
  readonly runs: Start;
  readonly wanted: Start;
  /** Its etcd answered a read and a write as the version it is to run, and the others hear it. */
  readonly ownHealthy: boolean;
  readonly members: readonly KnownMember[];
  readonly leaderId: string | null;
  /** X.Y.0: the highest that any member says; null where nobody says. */
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

export function stepDecision(facts: StepFacts): StepDecision {
  const { runs, wanted, ownHealthy, members, ownId, leaderId, handedOver } = facts;
  const wrong = wrongVersion(facts);
  if (wrong !== null) return { action: 'refuse', reason: wrong };
  const others = members.filter(({ id, isLearner }) => id !== ownId && !isLearner);
  if (sameStart(runs, wanted)) {
    if (!ownHealthy) return { action: 'awaitHealthy' };
    const sick = sickAmong(members.filter(({ id }) => id !== ownId));
    return sick === null ? { action: 'done' } : { action: 'wait', reason: sick };
  }
  const unsafe = unsafeToStop(members, others);
  if (unsafe !== null) return { action: 'wait', reason: unsafe };
  const leads = leaderId === ownId && others.length > 0;
  // SIGTERM hands over by itself from 3.1 on (CHANGELOG-3.1).
  if (leads && !handedOver && compareVersions(runs.version, moveLeaderFrom) >= 0)
    return { action: 'handOver', to: heirsAtHome(others, members) };
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
  const sick = sickAmong(others);
  if (sick !== null) return sick;
  const learner = members.find(({ isLearner }) => isLearner);
  if (learner !== undefined) return `${called(learner)} is still a learner`;
  const voters = members.length;
  if (voters <= 1 || others.length >= quorum(voters)) return null;
  return `${others.length} of ${voters} voters would be left, and ${quorum(voters)} are needed`;
}

function sickAmong(members: readonly KnownMember[]): string | null {
  const sick = members.filter(({ healthy }) => !healthy);
  return sick.length === 0 ? null : `not healthy: ${sick.map(called).join(', ')}`;
}

export interface PutBackFacts {
  /** Its etcd does not run, or exits again and again: stopping it changes nothing. */
  readonly stopped: boolean;
  /** Whether it is the only member that there is. */
  readonly alone: boolean;
  readonly ownId: string | null;
  /** As the healthy ones list them; null where none answers. */
  readonly members: readonly KnownMember[] | null;
}

/** Why a member that is not well may not be stopped to put its old release back; null where nothing is against it. */
export function unsafeToPutBack({ stopped, alone, ownId, members }: PutBackFacts): string | null {
  if (stopped || alone) return null;
  if (members === null) return 'no other member says that it is healthy, and this one may be what holds the quorum';
  const voters = members.filter(({ isLearner }) => !isLearner);
  const well = voters.filter(({ id, healthy }) => id !== ownId && healthy).length;
  const needed = quorum(voters.length);
  return well >= needed ? null : `${well} of ${voters.length} voters are healthy beside it, and ${needed} are needed`;
}

/**
 * Why an older release could not come back, asked while this member is stopped: the leader raises the cluster version only
 * while it hears from every member (etcdserver: decideClusterVersion). Null where nothing is against it; of one that is alone
 * etcd itself refuses to start (membership: mustDetectDowngrade), and has changed nothing.
 * @param answers cluster versions, X.Y.0, of the members that answer; null of one that has none
 */
export function flippedPast(older: string, answers: readonly (string | null)[], alone: boolean): string | null {
  const highest = highestOf(answers);
  if (highest !== null && minorIndex(highest) > minorIndex(older))
    return `the cluster version is ${highest}, so that etcd ${older} could not come back`;
  return answers.length > 0 || alone ? null : 'no other member says what the cluster version is';
}

function minorIndex(version: string): number {
  const minor = minorOf(version);
  return minor === null ? -1 : minors.indexOf(minor);
}

/** Of a step, in milliseconds: what is asked for, and a second for each 5 MB that etcd reads when it starts. */
export function stepTimeoutMs(askedMs: number, dataBytes: number): number {
  return askedMs + Math.ceil(dataBytes / 5_000);
}
