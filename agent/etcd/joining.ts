/** What a new instance does next on its way into a running cluster. Pure: the agent acts on it and asks again. */
import { called, type KnownMember, named, settleMs, statesOf } from './knownMembers.ts';
import { safetyOf } from './membership.ts';
import { factsOf } from './minors.ts';
import { membersIn } from './regions.ts';

export interface JoinFacts {
  readonly self: { readonly name: string; readonly peerUrl: string; readonly zone: string; readonly region: string };
  /** As every healthy member lists them. */
  readonly members: readonly KnownMember[];
  /** The desired capacity of the newcomer's region. */
  readonly wanted: number;
  /** X.Y.Z that the cluster runs: the lowest of its members. */
  readonly version: string;
  /** What this disk has registered and not started yet; null where it has registered nothing, or started it. */
  readonly registered: { readonly memberId: string } | null;
  /** Milliseconds since the last membership change that anybody made. */
  readonly sinceChangeMs: number;
}

export type JoinDecision =
  | { readonly action: 'wait'; readonly reason: string }
  /** The member is registered from this disk: start it. */
  | { readonly action: 'start'; readonly reason: string }
  | { readonly action: 'remove'; readonly memberId: string; readonly reason: string }
  | { readonly action: 'add'; readonly asLearner: boolean; readonly reason: string };

/**
 * One step: a member that this disk cannot continue is removed before the newcomer is added, and so is a dead one; one
 * newcomer at a time; never more members in a region than its group wants; and only where the cluster keeps its quorum with the newcomer
 * counted as down (etcd: runtime reconfiguration, "remove first, then add"; a learner counts for nothing).
 */
export function joinDecision(facts: JoinFacts): JoinDecision {
  const { self, members, wanted, registered } = facts;
  const mine = members.find(({ name, peerUrls }) => name === self.name || peerUrls.includes(self.peerUrl));
  if (mine !== undefined && mine.id === registered?.memberId && mine.name === '')
    return { action: 'start', reason: `registered as member ${mine.id}` };
  if (mine?.healthy) return wait(`${called(mine)} answers at this instance's address: two have one identity`);
  // Started on a disk that is gone, or registered by nobody knows whom: under its id it may have voted already.
  if (mine !== undefined) return removal(facts, mine, `its data is not on this disk, so it comes back under a new id`);
  const gone = members.filter(({ instance }) => instance === 'gone').sort((a, b) => rank(a, self) - rank(b, self));
  const dead = gone.find(({ healthy }) => !healthy);
  if (dead !== undefined) return removal(facts, dead, 'its instance is gone');
  const [undead] = gone;
  // One that answers is alive, whatever anybody says of its instance.
  if (undead !== undefined) return wait(`${called(undead)} answers, although its instance is said to be gone`);
  const newcomer = members.find(({ name, isLearner }) => name === '' || isLearner);
  if (newcomer !== undefined) return wait(`${called(newcomer)} is joining; one at a time`);
  const here = membersIn(self.region, members);
  if (here >= wanted)
    return wait(`${self.region} has ${here} members and its group wants ${wanted}: one has to leave first`);
  return addition(facts);
}

/** Members of the newcomer's own zone first. */
function rank(member: KnownMember, self: JoinFacts['self']): number {
  return member.zone === self.zone ? 0 : 1;
}

function removal(facts: JoinFacts, member: KnownMember, why: string): JoinDecision {
  const reason = `${called(member)} is removed: ${why}`;
  const unsafe = unsafeReason(facts, member.id, member.isLearner);
  return unsafe === null ? { action: 'remove', memberId: member.id, reason } : wait(`${reason}, when ${unsafe}`);
}

function unsafeReason({ members, sinceChangeMs }: JoinFacts, id: string, learner: boolean): string | null {
  const { verdict, reasons } = safetyOf(statesOf(members), { kind: 'remove', name: id });
  if (verdict === 'unsafe') return `the quorum allows it: ${named(reasons, members)}`;
  return learner || sinceChangeMs >= settleMs ? null : 'the last membership change has settled';
}

function addition({ self, members, version, sinceChangeMs }: JoinFacts): JoinDecision {
  const asLearner = factsOf(version).learners;
  const { verdict, reasons } = safetyOf(statesOf(members), { kind: 'add', name: self.name, learner: asLearner });
  if (verdict === 'unsafe') return wait(`adding ${self.name} is not safe now: ${named(reasons, members)}`);
  if (sinceChangeMs < settleMs) return wait('the last membership change has to settle');
  return { action: 'add', asLearner, reason: `added as a ${asLearner ? 'learner' : 'voter'}` };
}

function wait(reason: string): JoinDecision {
  return { action: 'wait', reason };
}
