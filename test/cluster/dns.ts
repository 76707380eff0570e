/** The cluster's names as a client resolves them: through the home's DNS server, with Node's own resolver. */
import type { promises } from 'node:dns';
import {
  type Followed,
  followDns as follow,
  resolverOf as serverResolver,
} from '../../infra/local/rehearse/discovery.ts';
import type { TestCluster } from './cluster.ts';

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

/** A client's view of the members, until the cluster is closed. */
export async function followDns(
  cluster: TestCluster,
  heard?: (addresses: readonly string[]) => void,
): Promise<Followed> {
  const { home, outputs, closing } = cluster;
  const followed = await follow(home.services.dns, outputs.DiscoveryDomain ?? '', heard);
  closing.addEventListener('abort', followed.stop);
  return followed;
}

function resolverOf({ home, outputs }: TestCluster): { resolver: promises.Resolver; domain: string } {
  return { resolver: serverResolver(home.services.dns), domain: outputs.DiscoveryDomain ?? '' };
}
