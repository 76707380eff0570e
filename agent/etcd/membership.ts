/**
 * Who votes, and whether a change of membership is safe. As the Cluster API control plane does it: look at the cluster as
 * it will be after the change, with a newcomer counted as down, and ask whether that cluster has a quorum of healthy voters
 * (cluster-api, controlplane/kubeadm: targetEtcdClusterHealthy).
 */

export interface MemberState {
  readonly name: string;
  readonly healthy: boolean;
  readonly learner: boolean;
}

export type MembershipChange =
  /** A voter before etcd 3.4, a learner from then on. */
  | { readonly kind: 'add'; readonly name: string; readonly learner: boolean }
  | { readonly kind: 'promote'; readonly name: string }
  | { readonly kind: 'remove'; readonly name: string };

export interface Safety {
  readonly verdict: 'safe' | 'unsafe';
  /** Sentences; empty when safe. */
  readonly reasons: readonly string[];
  /** Voters of the cluster after the change. */
  readonly healthy: readonly string[];
  readonly unhealthy: readonly string[];
}

/** Votes that a cluster of so many voters needs: 1 -> 1, 2 -> 2, 3 -> 2, 4 -> 3, 5 -> 3, 7 -> 4. */
export function quorum(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Voters that may fail with a quorum left: 1 -> 0, 3 -> 1, 5 -> 2, 7 -> 3. */
export function faultTolerance(voters: number): number {
  return voters === 0 ? 0 : voters - quorum(voters);
}

/** Whether the cluster keeps a quorum of healthy voters once the change is made, and why not where it does not. */
export function safetyOf(members: readonly MemberState[], change: MembershipChange): Safety {
  const projected = project(members, change).filter((member) => !member.learner);
  const healthy = projected.filter((member) => member.healthy).map((member) => member.name);
  const unhealthy = projected.filter((member) => !member.healthy).map((member) => member.name);
  const reasons = [...misfits(members, change), ...quorumReasons(projected.length, healthy, unhealthy)];
  return { verdict: reasons.length === 0 ? 'safe' : 'unsafe', reasons, healthy, unhealthy };
}

/** The members after the change; a newcomer is down until it has shown otherwise. */
export function project(members: readonly MemberState[], change: MembershipChange): readonly MemberState[] {
  switch (change.kind) {
    case 'add':
      return [...members, { name: change.name, healthy: false, learner: change.learner }];
    case 'promote':
      return members.map((member) => (member.name === change.name ? { ...member, learner: false } : member));
    case 'remove':
      return members.filter((member) => member.name !== change.name);
  }
}

function misfits(members: readonly MemberState[], change: MembershipChange): string[] {
  const member = members.find(({ name }) => name === change.name);
  const learner = members.find((candidate) => candidate.learner && candidate.name !== change.name);
  const reasons: string[] = [];
  if (change.kind === 'add' && member !== undefined) reasons.push(`${change.name} is a member already`);
  if (change.kind !== 'add' && member === undefined) reasons.push(`${change.name} is not a member`);
  if (change.kind === 'promote' && member?.learner === false) reasons.push(`${change.name} is a voter already`);
  if (change.kind === 'promote' && member?.healthy === false) reasons.push(`${change.name} is not healthy`);
  if (change.kind === 'add' && learner !== undefined) reasons.push(`${learner.name} is still a learner; one at a time`);
  return reasons;
}

function quorumReasons(voters: number, healthy: readonly string[], unhealthy: readonly string[]): string[] {
  if (voters === 0) return ['no voter would be left'];
  const needed = quorum(voters);
  if (healthy.length >= needed) return [];
  const down = unhealthy.length === 0 ? '' : `; not healthy: ${unhealthy.join(', ')}`;
  return [`${needed} of ${voters} voters are needed and ${healthy.length} would be healthy${down}`];
}
