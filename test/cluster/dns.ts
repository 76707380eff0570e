/** The cluster's names as a client resolves them: through the home's DNS server, with Node's own resolver. */
import { promises } from 'node:dns';
import { eventually, type TestCluster } from './cluster.ts';

/** What the cluster's names resolve to: instance ids, sorted, and the addresses of those that have one. */
export interface Resolved {
  readonly server: readonly string[];
  readonly client: readonly string[];
  /** `_etcd._tcp`, for old clients. */
  readonly old: readonly string[];
  /** By instance id. */
  readonly addresses: Readonly<Record<string, string>>;
}

export async function resolved(cluster: TestCluster): Promise<Resolved> {
  const { resolver, domain } = resolverOf(cluster);
  const names = async (service: string) =>
    (await resolver.resolveSrv(`${service}._tcp.${domain}`))
      .map(({ name }) => name.slice(0, -domain.length - 1))
      .sort();
  const [server, client, old] = await Promise.all(['_etcd-server', '_etcd-client', '_etcd'].map(names));
  const addresses = await Promise.all(
    (server ?? []).map(async (name) => [name, (await resolver.resolve4(`${name}.${domain}`)).join()] as const),
  );
  return { server: server ?? [], client: client ?? [], old: old ?? [], addresses: Object.fromEntries(addresses) };
}

/** Addresses of the members as a client finds them that knows the SRV name and nothing else. */
export async function discover(cluster: TestCluster): Promise<readonly string[]> {
  const { resolver, domain } = resolverOf(cluster);
  const targets = await resolver.resolveSrv(`_etcd-client._tcp.${domain}`);
  const found = await Promise.all(targets.map(({ name }) => resolver.resolve4(name)));
  return found.flat();
}

export interface Followed {
  /** As of the last answer; those of an answer without members are not taken. */
  addresses(): readonly string[];
  stop(): void;
}

/** A client's view of the members that asks as often as the records may be kept, rather than before each operation. */
export async function followDns(cluster: TestCluster, everyMs = 1_000): Promise<Followed> {
  let addresses = await eventually('the records', () => discover(cluster));
  const refresh = async () => {
    const found = await discover(cluster).catch(() => []);
    if (found.length > 0) addresses = found;
  };
  const timer = setInterval(() => void refresh(), everyMs);
  const stop = () => clearInterval(timer);
  cluster.closing.addEventListener('abort', stop);
  return { addresses: () => addresses, stop };
}

function resolverOf({ home, outputs }: TestCluster): { resolver: promises.Resolver; domain: string } {
  const { address, port } = home.services.dns;
  const resolver = new promises.Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([`${address}:${port}`]);
  return { resolver, domain: outputs.DiscoveryDomain ?? '' };
}
