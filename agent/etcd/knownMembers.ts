/** The members of a running cluster as an agent knows them: what etcd lists, what answered, what became of the instance. */
import type { MemberState } from './membership.ts';

export interface KnownMember {
  /** Lower-case hex. */
  readonly id: string;
  /** Instance id; empty while the member has not started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  /** It answered a linearizable read just now. */
  readonly healthy: boolean;
  /**
   * `live`: EC2 or Auto Scaling knows the instance. `gone`: EC2 said by name that it is terminated or not there, the group
   * does not have it, and both said so twice, seconds apart. `unknown`: anything else, and so never a reason to remove it.
   */
  readonly instance: 'live' | 'gone' | 'unknown';
  /** Availability zone; null where nobody knows. */
  readonly zone: string | null;
  /** The region that its instance is, or was, in; null where nobody knows. */
  readonly region: string | null;
}

/** Another membership change is refused by etcd until peers have been connected for so long (etcdserver: HealthInterval). */
export const settleMs = 5_000;

/** How reasons name a member. */
export function called({ id, name, peerUrls }: KnownMember): string {
  return name === '' ? `the member ${id} (${peerUrls.join(', ')}, not started yet)` : name;
}

/** For safetyOf, which tells members apart by name; unstarted ones have none, so the id stands for it. */
export function statesOf(members: readonly KnownMember[]): readonly MemberState[] {
  return members.map(({ id, healthy, isLearner }) => ({ name: id, healthy, learner: isLearner }));
}

/** safetyOf's reasons with names instead of ids. */
export function named(reasons: readonly string[], members: readonly KnownMember[]): string {
  return members.reduce((text, member) => text.replaceAll(member.id, called(member)), reasons.join('; '));
}
