/** The leader's agent has one member's database defragmented at a time, where too much of it is free. */
import { isAt } from '#etcd/addresses.ts';
import { type DefragmentationPolicy, defragmentationDecision, type StoredMember } from '#etcd/fragmentation.ts';
import { createEtcdClient } from '../machine/etcdClient.ts';
import type { Log } from '../machine/log.ts';
import type { ClusterRecord } from '../machine/record.ts';
import type { Peer } from './peers.ts';
import type { Surroundings } from './surroundings.ts';

export interface Defragmentation {
  /** One round: at most one member. */
  round(seen: Surroundings): Promise<void>;
}

const askTimeoutMs = 1_500;
/** It copies what is in use: at 10 MB/s, and never less than this. */
const leastTimeoutMs = 30_000;
const bytesPerMs = 10_000;

export function createDefragmentation({
  record,
  log,
}: {
  record: Pick<ClusterRecord, 'audit'>;
  log: Log;
}): Defragmentation {
  const done = new Map<string, number>();

  async function stored(seen: Surroundings, memberId: string, peer: Peer | undefined): Promise<StoredMember> {
    const client = peer === undefined ? null : createEtcdClient({ ...peer, timeoutMs: askTimeoutMs });
    return {
      memberId,
      healthy: peer?.healthy ?? false,
      isLeader: memberId === seen.leaderId,
      database: (await client?.database().catch(() => null)) ?? null,
      sinceDefragmentedMs: performance.now() - (done.get(memberId) ?? Number.NEGATIVE_INFINITY),
    };
  }

  return {
    async round(seen) {
      const { settings, members, peers } = seen;
      const peerOf = (urls: readonly string[]) => peers.find(({ address }) => isAt(urls, address));
      const all = await Promise.all(members.map(({ id, peerUrls }) => stored(seen, id, peerOf(peerUrls))));
      const decision = defragmentationDecision(all, policyOf(settings));
      const member = members.find(({ id }) => id === decision?.memberId);
      const peer = member === undefined ? undefined : peerOf(member.peerUrls);
      if (decision === null || member === undefined || peer === undefined) return;
      done.set(member.id, performance.now());
      const before = all.find(({ memberId }) => memberId === member.id)?.database ?? null;
      log('defragmentation begins', { member: member.name, reason: decision.reason });
      const timeoutMs = Math.max(leastTimeoutMs, Math.ceil((before?.inUseBytes ?? 0) / bytesPerMs));
      await createEtcdClient({ ...peer, timeoutMs }).defragment();
      const after = await createEtcdClient({ ...peer, timeoutMs: askTimeoutMs }).database();
      log('defragmented', { member: member.name, before, after });
      await record.audit({ what: `${member.name} defragmented`, why: decision.reason, before, after });
    },
  };
}

function policyOf({ defragmentation }: Surroundings['settings']): DefragmentationPolicy {
  const { abovePercent, fromMiB } = defragmentation;
  return { abovePercent, fromBytes: fromMiB * 1024 ** 2 };
}
