/**
 * etcd, faithful in what membership changes rest on: voters and learners, a quorum of those that are up, connected and in
 * sync, a leader, changes that need the quorum to commit and reach each member's own list a little later.
 */
import { peerUrl } from '#etcd/addresses.ts';
import { quorum } from '#etcd/membership.ts';
import { checkCommit } from './commitChecks.ts';
import { type EtcdNode, runs } from './etcdNode.ts';
import { type Change, type ConfigMember, refusal } from './etcdRules.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import type { Watch } from './watch.ts';
import type { Weather } from './weather.ts';
import type { Life } from './world.ts';

export interface Proposal {
  readonly change: Change;
  readonly by: Life;
  /** Undefined until it is known. */
  outcome: { readonly committed: boolean; readonly memberId: string } | undefined;
}

export interface EtcdModel {
  readonly version: string;
  readonly nodes: EtcdNode[];
  /** Null until the cluster was formed. */
  clusterId: string | null;
  /** All configurations, the newest last. */
  readonly history: (readonly ConfigMember[])[];
  /** Ids under which an etcd has ever run. */
  readonly ran: Set<string>;
  readonly leader: EtcdNode | null;
  /** By member id: when it was last up, connected and in sync. */
  readonly lastWellMs: Map<string, number>;
  /** By member id: the instance that added itself. */
  readonly addedBy: ReadonlyMap<string, string>;
  members(): readonly ConfigMember[];
  nodeOf(memberId: string): EtcdNode | undefined;
  memberOf(node: EtcdNode): ConfigMember | undefined;
  sameSide(a: string, b: string): boolean;
  /** Up, connected to the leader, in sync with it. */
  inSync(node: EtcdNode): boolean;
  /** Whether what is proposed now commits. */
  commits(): boolean;
  /** Whether a change was proposed that may commit yet. */
  isChanging(): boolean;
  /** To be called whenever a process, a connection or the configuration has changed. */
  settle(): void;
  /** Through a node: why it is refused, or the proposal on its way. */
  propose(through: EtcdNode, change: Change, by: Life): string | Proposal;
  /** The leader hands over; false where it does not. */
  moveLeader(from: EtcdNode, toId: string): boolean;
  publish(memberId: string, name: string): void;
}

export interface EtcdModelOptions {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly watch: Watch;
  readonly weather: Weather;
  readonly version: string;
  readonly inGroup: (instanceId: string) => boolean;
}

export function createEtcdModel(options: EtcdModelOptions): EtcdModel {
  const { timeline, random, watch, weather, version } = options;
  const history: (readonly ConfigMember[])[] = [];
  const nodes: EtcdNode[] = [];
  const lastWellMs = new Map<string, number>();
  const addedBy = new Map<string, string>();
  let pending: Proposal | null = null;
  let leader: EtcdNode | null = null;
  let electing = false;
  /** Acknowledged writes are whole up to here: who lacks them cannot lead. */
  let lastCommitMs = 0;
  let nextId = 0xa1;

  const model: EtcdModel = {
    version,
    nodes,
    clusterId: null,
    history,
    ran: new Set(),
    lastWellMs,
    addedBy,
    get leader() {
      return leader;
    },
    members: () => history.at(-1) ?? [],
    nodeOf: (memberId) => nodes.find(({ data }) => data?.memberId === memberId),
    memberOf: ({ data }) => model.members().find(({ id }) => id === data?.memberId),
    sameSide: (a, b) => (weather.sides.get(a) ?? 0) === (weather.sides.get(b) ?? 0),
    inSync: (node) => runs(node) && node.syncedAtMs <= timeline.nowMs && connectedToLeader(node),
    commits: () => leader !== null && votersWhere((node) => model.inSync(node)) >= needed(),
    isChanging: () => pending !== null,
    settle,
    propose,
    moveLeader,
    publish(memberId, name) {
      if (!model.members().some((member) => member.id === memberId && member.name !== name)) return;
      apply(model.members().map((member) => (member.id === memberId ? { ...member, name } : member)));
    },
  };

  function voters(): readonly ConfigMember[] {
    return model.members().filter(({ learner }) => !learner);
  }

  function needed(): number {
    return quorum(voters().length);
  }

  function votersWhere(holds: (node: EtcdNode) => boolean): number {
    return voters().filter(({ id }) => {
      const node = model.nodeOf(id);
      return node !== undefined && holds(node);
    }).length;
  }

  function connectedToLeader(node: EtcdNode): boolean {
    return leader !== null && runs(leader) && runs(node) && model.sameSide(node.address, leader.address);
  }

  function isVoter(node: EtcdNode): boolean {
    return voters().some(({ id }) => id === node.data?.memberId);
  }

  function canLead(node: EtcdNode): boolean {
    const reached = votersWhere((other) => runs(other) && model.sameSide(node.address, other.address));
    return runs(node) && isVoter(node) && reached >= needed();
  }

  /** Who was in sync, and whether writes were committed, since the last time. */
  let wasInSync: EtcdNode[] = [];
  let wasCommitting = false;

  function settle(): void {
    const { nowMs } = timeline;
    for (const node of wasInSync) {
      if (node.data === null) continue;
      node.data.wholeUntilMs = nowMs;
      lastWellMs.set(node.data.memberId, nowMs);
    }
    if (wasCommitting) lastCommitMs = nowMs;
    if (leader !== null && !canLead(leader)) loseLeader();
    if (leader === null) elect();
    for (const node of nodes) connect(node);
    wasInSync = nodes.filter((node) => node.data !== null && model.inSync(node));
    wasCommitting = model.commits();
    learn();
    commit();
  }

  function loseLeader(): void {
    watch.say('ETCD', `${leader?.instanceId} leads no more`);
    leader = null;
    if (pending !== null && random.chance(0.5)) settleProposal({ committed: false, memberId: '' });
  }

  function elect(): void {
    if (electing || !nodes.some((node) => canLead(node) && isWhole(node))) return;
    electing = true;
    timeline.after(random.between(300, 2_500), () => {
      electing = false;
      const able = nodes.filter((node) => canLead(node) && isWhole(node));
      if (leader === null && able.length > 0) lead(random.pick(able));
      settle();
    });
  }

  function isWhole({ data }: EtcdNode): boolean {
    return data !== null && data.wholeUntilMs >= lastCommitMs;
  }

  function lead(node: EtcdNode): void {
    leader = node;
    watch.say('ETCD', `${node.instanceId} leads`);
    for (const other of nodes) disconnect(other);
    node.syncedAtMs = timeline.nowMs;
    node.connectedAtMs = timeline.nowMs;
  }

  function disconnect(node: EtcdNode): void {
    node.syncedAtMs = Number.POSITIVE_INFINITY;
  }

  /** Connections outlive a change of leader; being in sync has to be found out anew. */
  function connect(node: EtcdNode): void {
    const { nowMs } = timeline;
    if (!runs(node) || (leader !== null && !model.sameSide(node.address, leader.address)))
      node.connectedAtMs = Number.POSITIVE_INFINITY;
    if (!connectedToLeader(node) || node.data === null) {
      disconnect(node);
      return;
    }
    node.connectedAtMs = Math.min(node.connectedAtMs, nowMs);
    if (node.syncedAtMs !== Number.POSITIVE_INFINITY) return;
    const behindMs = nowMs - node.data.wholeUntilMs;
    const catchUpMs = node === leader ? 0 : behindMs < 5_000 ? random.between(1, 100) : random.between(200, 4_000);
    const fresh = node.data.wholeUntilMs < 0 ? random.between(500, 15_000) * weather.slowness : catchUpMs;
    node.syncedAtMs = nowMs + fresh;
    timeline.after(fresh, settle);
  }

  /** Each member applies what was committed a little later, and its removal ends it. */
  function learn(): void {
    for (const node of nodes) {
      const { data } = node;
      if (data === null || !connectedToLeader(node) || data.applied === history.length) continue;
      if (node.syncedAtMs > timeline.nowMs && data.wholeUntilMs >= 0) continue;
      const seen = history.length;
      timeline.after(random.chance(0.02) ? random.between(500, 4_000) : random.between(1, 80), () => {
        if (node.data === data && runs(node)) data.applied = Math.max(data.applied, seen);
      });
    }
  }

  function apply(members: readonly ConfigMember[]): void {
    history.push(members);
    settle();
  }

  function propose(through: EtcdNode, change: Change, by: Life): string | Proposal {
    const connectedSince = (node: EtcdNode | undefined, ms: number) =>
      node !== undefined && runs(node) && timeline.nowMs - node.connectedAtMs >= ms;
    const refused = refusal(change, {
      version,
      members: history[Math.min(through.data?.applied ?? 0, history.length) - 1] ?? [],
      connectedFor5s: ({ id }) => connectedSince(model.nodeOf(id), 5_000),
      connected: ({ id }) => connectedSince(model.nodeOf(id), 0),
      inSync: ({ id }) => model.nodeOf(id) !== undefined && model.inSync(model.nodeOf(id) as EtcdNode),
    });
    if (refused !== null) return refused;
    if (leader === null || !connectedToLeader(through)) return 'etcdserver: no leader';
    // raft has one change of configuration at a time; another one is dropped.
    if (pending !== null) return 'etcdserver: request timed out';
    const proposal: Proposal = { change, by, outcome: undefined };
    pending = proposal;
    timeline.after(random.between(3, 40), commit);
    return proposal;
  }

  function commit(): void {
    if (pending === null || !model.commits()) return;
    const { change, by } = pending;
    const members = model.members();
    const memberId = change.kind === 'add' ? (nextId++).toString(16) : change.id;
    const after = changed(members, change, memberId);
    // etcd checks again when it applies: what does not fit (any more) changes nothing.
    if (after === null) return settleProposal({ committed: false, memberId });
    watch.say('ETCD', `member ${memberId}: ${change.kind}`, {
      by: by.instanceId,
      members: after.map(({ name, id }) => name || id),
    });
    watch.count(`${change.kind}s`);
    by.changedIn.push(by.token);
    if (change.kind === 'add') addedBy.set(memberId, by.instanceId);
    checkCommit({ ...options, model, change, by, memberId, before: members, after });
    settleProposal({ committed: true, memberId });
    apply(after);
  }

  function settleProposal(outcome: { committed: boolean; memberId: string }): void {
    if (pending !== null) pending.outcome = outcome;
    pending = null;
  }

  function moveLeader(from: EtcdNode, toId: string): boolean {
    const to = model.nodeOf(toId);
    if (leader !== from || to === undefined || !model.inSync(to) || !isVoter(to)) return false;
    settle();
    lead(to);
    settle();
    return true;
  }

  return model;
}

function changed(members: readonly ConfigMember[], change: Change, id: string): readonly ConfigMember[] | null {
  switch (change.kind) {
    case 'add':
      if (members.some(({ peerUrl: url }) => url === change.peerUrl)) return null;
      return [...members, { id, name: '', peerUrl: change.peerUrl, learner: change.learner }];
    case 'remove':
      return members.some((member) => member.id === id) ? members.filter((member) => member.id !== id) : null;
    case 'promote':
      return members.map((member) => (member.id === id ? { ...member, learner: false } : member));
  }
}

/** The configuration that a bootstrap forms. */
export function firstConfiguration(initialCluster: string): readonly ConfigMember[] {
  return initialCluster.split(',').map((entry) => {
    const [name = '', url = ''] = entry.split('=');
    return { id: firstId(name), name, peerUrl: url, learner: false };
  });
}

function firstId(name: string): string {
  return name.replace('i-', 'f');
}

export function isOwn(member: ConfigMember, address: string): boolean {
  return member.peerUrl === peerUrl(address);
}
