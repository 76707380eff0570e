/**
 * The clients of a rehearsal: they know the cluster's SRV name, write through the v2 API until every member reports the
 * cluster version 3.4, through v3 after that, and look in the end whether all is there that was acknowledged.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { compareVersions } from '#etcd/versions.ts';
import { createEtcdClient } from '../../../agent/machine/etcdClient.ts';
import type { RehearsalCluster } from './cluster.ts';
import { followDns } from './discovery.ts';
import { readFolder } from './kv.ts';
import { type LoadResult, type LoadState, loadFolder, startLoad } from './load.ts';

export interface Clients {
  state(): LoadState;
  /** Waits for the writes under way, then reads everything at every member. */
  stop(): Promise<ClientsResult>;
}

export interface ClientsResult extends LoadResult {
  /** Keys that were acknowledged and that a member does not have; null where no member answers. */
  readonly lost: readonly string[] | null;
}

export interface ClientsOptions {
  readonly from: string;
  readonly to: string;
  readonly everyMs: number;
}

const firstOfV3 = '3.4.0';
/** Any whose own API is v2. */
const lastOfV2 = '2.3.8';
const pollMs = 250;
const timeoutMs = 30_000;

/** X.Y.Z whose API clients use while the cluster runs this. */
export function clientVersionAt(version: string): string {
  return compareVersions(version, firstOfV3) < 0 ? lastOfV2 : firstOfV3;
}

/** Whether an upgrade under this load deletes the keys of the v2 API on its way. */
export function deletesV2Keys({ from, to }: Pick<ClientsOptions, 'from' | 'to'>): boolean {
  return clientVersionAt(from) === lastOfV2 && compareVersions(to, '3.6.0') >= 0;
}

export async function startClients(cluster: RehearsalCluster, options: ClientsOptions): Promise<Clients> {
  const { home, outputs, identity } = cluster;
  const target = {
    addresses: [] as readonly string[],
    version: clientVersionAt(options.from),
    ...(identity !== null && { identity }),
  };
  const followed = await followDns(home.services.dns, outputs.DiscoveryDomain ?? '', (addresses) => {
    target.addresses = addresses;
    void aim();
  });
  target.addresses = followed.addresses();
  const starting = startLoad({ target, everyMs: options.everyMs });
  const aim = async () => (await starting).aim({ ...target });
  const load = await starting;
  let stopped = false;
  // Before they are deleted: those that are there when the clients leave the v2 API.
  let ofV2: ReadonlySet<string> | null = null;

  async function leaveV2(): Promise<void> {
    if (target.version === firstOfV3) return;
    while (!(await servesV3Only())) {
      if (stopped) return;
      await sleep(pollMs);
    }
    target.version = firstOfV3;
    await aim();
    if (deletesV2Keys(options)) ofV2 = await keysOf(lastOfV2);
  }

  async function servesV3Only(): Promise<boolean> {
    const versions = await Promise.all((await addresses()).map(clusterVersionOf));
    return versions.every((version) => version !== null && compareVersions(version, firstOfV3) >= 0);
  }

  async function keysOf(version: string): Promise<ReadonlySet<string> | null> {
    const all = (await addresses()).map((address) => readFolder(address, version, loadFolder, timeoutMs));
    const read = (await Promise.allSettled(all)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const [first, ...others] = read;
    if (first === undefined) return null;
    const kept = [...first].filter(([key, value]) => value === key && others.every((one) => one.get(key) === key));
    return new Set(kept.map(([key]) => key));
  }

  const addresses = async () => (await home.instances()).map(({ address }) => address);
  const leaving = leaveV2();
  leaving.catch(() => undefined);
  return {
    state: load.state,
    async stop() {
      const result = await load.stop();
      stopped = true;
      followed.stop();
      await leaving;
      const versions = compareVersions(options.from, firstOfV3) >= 0 ? [firstOfV3] : [lastOfV2, firstOfV3];
      const there = await Promise.all(
        versions.map((version) => (version === lastOfV2 && ofV2 !== null ? ofV2 : keysOf(version))),
      );
      const known = there.filter((keys) => keys !== null);
      const lost =
        known.length === 0 ? null : result.acknowledged.filter((key) => !known.some((keys) => keys.has(key)));
      return { ...result, lost };
    },
  };
}

/** Null where the member does not say. */
async function clusterVersionOf(address: string): Promise<string | null> {
  const client = createEtcdClient({ address, version: lastOfV2, timeoutMs: 1_000 });
  return (await client.version().catch(() => null))?.cluster ?? null;
}
