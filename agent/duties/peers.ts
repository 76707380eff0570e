/** The members that answer at these addresses, each asked for its own view. */
import { isSupported } from '#etcd/versions.ts';
import { createEtcdClient, etcdVersionAt, type MemberList } from '../machine/etcdClient.ts';

export interface Peer {
  readonly address: string;
  /** X.Y.Z */
  readonly version: string;
  readonly clusterVersion: string | null;
  /** Its own list. */
  readonly list: MemberList;
  readonly leaderId: string | null;
  /** It answered a linearizable read. */
  readonly healthy: boolean;
}

/** Milliseconds for each call. */
const timeoutMs = 1_500;

/** Healthy ones first; those that do not answer at all are left out. */
export async function askPeers(addresses: readonly string[]): Promise<readonly Peer[]> {
  const answers = await Promise.all(addresses.map((address) => askPeer(address).catch(() => null)));
  return answers.filter((peer) => peer !== null).sort((a, b) => Number(b.healthy) - Number(a.healthy));
}

async function askPeer(address: string): Promise<Peer | null> {
  const { server: version, cluster: clusterVersion } = await etcdVersionAt(address, timeoutMs);
  if (!isSupported(version)) return null;
  const client = createEtcdClient({ address, version, clusterVersion, timeoutMs });
  const [list, standing, healthy] = await Promise.all([
    client.members(),
    client.standing().catch(() => null),
    client.linearizableRead().then(
      () => true,
      () => false,
    ),
  ]);
  const leaderId = standing?.leaderId ?? null;
  return { address, version, clusterVersion, list, leaderId, healthy: healthy && leaderId !== null };
}
