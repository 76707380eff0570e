/** A record of what the members list while a test goes on: who came, who went, and who was new at the same time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAt } from '#etcd/addresses.ts';
import { quorum } from '#etcd/membership.ts';
import { createEtcdClient, type ListedMember } from '../../agent/machine/etcdClient.ts';
import type { TestCluster } from './cluster.ts';

export interface MembershipRecord {
  /** What each list that was seen looked like, in the order in which they were first seen. */
  readonly history: readonly string[];
  /** Every member that was ever listed, by id; its name is empty where it never started. */
  readonly names: ReadonlyMap<string, string>;
  /** Ids listed at the beginning, and by the last round. */
  readonly first: ReadonlySet<string>;
  readonly last: ReadonlySet<string>;
  /** Lists with more than one member that had not started or was a learner. */
  readonly crowded: readonly string[];
  /** Rounds in which no list had a quorum of voters whose etcd answered. */
  readonly belowQuorum: readonly string[];
}

export interface MemberWatch {
  readonly record: MembershipRecord;
  stop(): Promise<void>;
}

const everyMs = 50;
/** Generous: a machine that is busy is no member that is down. */
const timeoutMs = 5_000;

/** Watches until it is stopped. Resolves with the first round behind it. */
export async function watchMembers(cluster: TestCluster, etcd: string): Promise<MemberWatch> {
  const history: string[] = [];
  const names = new Map<string, string>();
  const crowded = new Set<string>();
  const belowQuorum: string[] = [];
  let first: ReadonlySet<string> | null = null;
  let last: ReadonlySet<string> = new Set();
  let stopped = false;

  async function round(): Promise<void> {
    const lists = await listsOf(cluster, etcd);
    if (lists.size === 0) return;
    for (const list of lists.values()) note(list);
    const ids = new Set([...lists.values()].flatMap((list) => list.map(({ id }) => id)));
    first ??= ids;
    last = ids;
    const answering = new Set(lists.keys());
    const low = [...lists.values()].map((list) => lacking(list, answering));
    const [why] = low;
    if (why && !low.includes(null)) belowQuorum.push(why);
  }

  function note(list: readonly ListedMember[]): void {
    const text = list.map(written).sort().join(', ');
    if (!history.includes(text)) history.push(text);
    for (const { id, name } of list) if (name !== '' || !names.has(id)) names.set(id, name);
    if (list.filter(({ name, isLearner }) => name === '' || isLearner).length > 1) crowded.add(text);
  }

  await round();
  const watching = (async () => {
    while (!stopped && !cluster.closing.aborted) {
      await sleep(everyMs);
      await round();
    }
  })();
  return {
    get record() {
      return { history, names, first: first ?? new Set<string>(), last, crowded: [...crowded], belowQuorum };
    },
    stop() {
      stopped = true;
      return watching;
    },
  };
}

/** What each etcd that answers lists, by its address. */
async function listsOf({ home }: TestCluster, version: string): Promise<Map<string, readonly ListedMember[]>> {
  const lists = new Map<string, readonly ListedMember[]>();
  await Promise.all(
    (await home.instances()).map(async ({ address }) => {
      const client = createEtcdClient({ address, version, timeoutMs });
      const list = await client.members().catch(() => null);
      // Before it knows the cluster, a member lists nobody; a learner does not answer.
      if (list !== null && list.members.length > 0) lists.set(address, list.members);
    }),
  );
  return lists;
}

function lacking(list: readonly ListedMember[], answering: ReadonlySet<string>): string | null {
  const voters = list.filter(({ isLearner }) => !isLearner);
  const up = voters.filter(({ peerUrls }) => [...answering].some((address) => isAt(peerUrls, address)));
  return up.length >= quorum(voters.length) ? null : `${up.length} answer of ${list.map(written).join(', ')}`;
}

function written({ id, name, isLearner }: ListedMember): string {
  return `${id} ${name || '(not started)'}${isLearner ? ' learner' : ''}`;
}
