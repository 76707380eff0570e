/** What etcd itself refuses, by version (etcdserver: mayAddMember, mayRemoveMember, promoteMember). */
import { quorum } from '#etcd/membership.ts';
import { factsOf } from '#etcd/minors.ts';
import { compareVersions } from '#etcd/versions.ts';

export interface ConfigMember {
  /** Lower-case hex. */
  readonly id: string;
  /** Empty until it has started. */
  readonly name: string;
  readonly peerUrl: string;
  readonly learner: boolean;
}

export type Change =
  | { readonly kind: 'add'; readonly peerUrl: string; readonly learner: boolean }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'promote'; readonly id: string };

export interface RuleFacts {
  readonly version: string;
  readonly members: readonly ConfigMember[];
  /** Whether a member has been connected for the 5 s of etcd's HealthInterval. */
  readonly connectedFor5s: (member: ConfigMember) => boolean;
  /** Whether it is connected at all. */
  readonly connected: (member: ConfigMember) => boolean;
  readonly inSync: (member: ConfigMember) => boolean;
}

/** Why the change is refused; null where it is not. */
export function refusal(change: Change, facts: RuleFacts): string | null {
  switch (change.kind) {
    case 'add':
      return addRefusal(change, facts);
    case 'remove':
      return removeRefusal(change.id, facts);
    case 'promote':
      return promoteRefusal(change.id, facts);
  }
}

function addRefusal({ peerUrl, learner }: { peerUrl: string; learner: boolean }, facts: RuleFacts): string | null {
  const { members, version } = facts;
  if (members.some((member) => member.peerUrl === peerUrl)) return 'etcdserver: Peer URLs already exists';
  if (learner && members.some((member) => member.learner)) return 'etcdserver: too many learner members in cluster';
  if (!factsOf(version).strictReconfigCheck) return null;
  const voters = members.filter((member) => !member.learner);
  const started = voters.filter(({ name }) => name !== '').length;
  if (!learner && !(started === 1 && voters.length === 1) && started < quorum(voters.length + 1))
    return 'etcdserver: re-configuration failed due to not enough started members';
  if (compareVersions(version, '3.1.0') < 0) return null;
  const connected = voters.filter(facts.connectedFor5s).length;
  const enough = refusesWhileOneIsDown(version) ? voters.length : quorum(voters.length);
  return connected < enough ? 'etcdserver: unhealthy cluster' : null;
}

/** etcd #21640: adds of any kind, while any voter is not connected. */
function refusesWhileOneIsDown(version: string): boolean {
  if (compareVersions(version, '3.6.0') >= 0) return compareVersions(version, '3.6.11') < 0;
  return compareVersions(version, '3.5.30') < 0;
}

function removeRefusal(id: string, facts: RuleFacts): string | null {
  const { members, version } = facts;
  const member = members.find((one) => one.id === id);
  if (member === undefined) return 'etcdserver: member not found';
  if (member.learner || !factsOf(version).strictReconfigCheck) return null;
  const left = members.filter((one) => !one.learner && one.id !== id);
  const started = left.filter(({ name }) => name !== '').length;
  if (left.length === 0 || started < quorum(left.length))
    return 'etcdserver: re-configuration failed due to not enough started members';
  if (compareVersions(version, '3.1.0') < 0 || !facts.connected(member)) return null;
  const active = members.filter((one) => !one.learner && facts.connectedFor5s(one)).length;
  return active - 1 < 1 + Math.floor((left.length - 1) / 2) ? 'etcdserver: unhealthy cluster' : null;
}

function promoteRefusal(id: string, { members, inSync }: RuleFacts): string | null {
  const member = members.find((one) => one.id === id);
  if (member === undefined) return 'etcdserver: member not found';
  if (!member.learner) return 'etcdserver: can only promote a learner member';
  if (!inSync(member)) return 'etcdserver: can only promote a learner member which is in sync with leader';
  return null;
}
