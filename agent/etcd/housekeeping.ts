/** What the leader's agent cleans up between operations: a dead member at most, one per round. Pure. */
import { called, type KnownMember, named, settleMs, statesOf } from './knownMembers.ts';
import { safetyOf } from './membership.ts';

export interface HousekeepingFacts {
  readonly members: readonly KnownMember[];
  /** Members that all regions want; null where one of them does not say. */
  readonly wanted: number | null;
  readonly sinceChangeMs: number;
  /** By member id: milliseconds since this agent first saw it listed. */
  readonly seenForMs: ReadonlyMap<string, number>;
}

export interface Finding {
  readonly kind: 'deadMember' | 'lateNewcomer' | 'memberMissing' | 'surplusMember' | 'evenSize';
  /** One sentence. */
  readonly text: string;
}

export interface HousekeepingDecision {
  /** Null: nothing. */
  readonly remove: { readonly memberId: string; readonly reason: string } | null;
  readonly findings: readonly Finding[];
}

/** A member that has not started, or is a learner, is never taken for dead before it had this long, in milliseconds. */
export const newcomerDeadlineMs = 120_000;

export function housekeepingDecision(facts: HousekeepingFacts): HousekeepingDecision {
  const dead = facts.members.filter((member) => isDead(member, facts));
  const findings = [
    ...dead.map((member): Finding => ({ kind: 'deadMember', text: `the instance of ${called(member)} is gone` })),
    ...lateNewcomers(facts),
    ...countFindings(facts, dead.length),
    ...evenFindings(facts),
  ];
  const [first] = dead;
  if (first === undefined) return { remove: null, findings };
  const { verdict, reasons } = safetyOf(statesOf(facts.members), { kind: 'remove', name: first.id });
  if (verdict === 'unsafe') {
    const text = `${called(first)} cannot be removed: ${named(reasons, facts.members)}`;
    return { remove: null, findings: [...findings, { kind: 'deadMember', text }] };
  }
  if (facts.sinceChangeMs < settleMs) return { remove: null, findings };
  return { remove: { memberId: first.id, reason: `the instance of ${called(first)} is gone` }, findings };
}

/** One that answers is alive, whatever anybody says of its instance. */
function isDead(member: KnownMember, { seenForMs }: HousekeepingFacts): boolean {
  if (member.instance !== 'gone' || member.healthy) return false;
  return !isNewcomer(member) || (seenForMs.get(member.id) ?? 0) >= newcomerDeadlineMs;
}

function isNewcomer({ name, isLearner }: KnownMember): boolean {
  return name === '' || isLearner;
}

function lateNewcomers({ members, seenForMs }: HousekeepingFacts): Finding[] {
  return members
    .filter((member) => isNewcomer(member) && (seenForMs.get(member.id) ?? 0) >= newcomerDeadlineMs)
    .map((member) => ({
      kind: 'lateNewcomer',
      text: `${called(member)} was added over ${newcomerDeadlineMs / 1000} s ago and is no voter yet`,
    }));
}

/** An even number has a greater quorum and tolerates no more failures than one member less (etcd FAQ). */
function evenFindings({ wanted }: HousekeepingFacts): Finding[] {
  if (wanted === null || wanted === 0 || wanted % 2 !== 0) return [];
  return [
    { kind: 'evenSize', text: `${wanted} members are wanted, which tolerate no more failures than ${wanted - 1}` },
  ];
}

function countFindings({ members, wanted }: HousekeepingFacts, dead: number): Finding[] {
  if (wanted === null) return [];
  const voters = members.filter((member) => !isNewcomer(member)).length - dead;
  if (voters < wanted) return [{ kind: 'memberMissing', text: `${voters} of ${wanted} members` }];
  if (voters > wanted) return [{ kind: 'surplusMember', text: `${voters} members where ${wanted} are wanted` }];
  return [];
}
