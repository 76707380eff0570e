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
  const ssl = cluster.identity === null ? '' : '-ssl';
  const names = async (service: string) =>
    (await resolver.resolveSrv(`${service}._tcp.${domain}`))
      .map(({ name }) => name.slice(0, -domain.length - 1))
      .sort();
  const services = [`_etcd-server${ssl}`, `_etcd-client${ssl}`, '_etcd'];
  const [server, client, old] = await Promise.all(services.map(names));
  const addresses = await Promise.all(
    (server ?? []).map(async (name) => [name, (await resolver.resolve4(`${name}.${domain}`)).join()] as const),
  );
  return { server: server ?? [], client: client ?? [], old: old ?? [], addresses: Object.fromEntries(addresses) };
}

/** Whether clients find members under a service's name: `_etcd-client-ssl`. */
export async function isOffered(cluster: TestCluster, service: string): Promise<boolean> {
  const { resolver, domain } = resolverOf(cluster);
  const found = await resolver.resolveSrv(`${service}._tcp.${domain}`).catch(() => []);
  return found.length > 0;
}

/** Instance ids under a service's name as a region's DNS server has them: sorted, those to be tried first before the others. */
export async function ranked(
  { home, outputs }: TestCluster,
  region: string,
  service: string,
): Promise<{ readonly first: readonly string[]; readonly others: readonly string[] }> {
  const { services } = await home.region(region);
  const domain = outputs.DiscoveryDomain ?? '';
  const found = await serverResolver(services.dns).resolveSrv(`${service}._tcp.${domain}`);
  const lowest = Math.min(...found.map(({ priority }) => priority));
  const names = (targets: typeof found) => targets.map(({ name }) => name.slice(0, -domain.length - 1)).sort();
  return {
    first: names(found.filter(({ priority }) => priority === lowest)),
    others: names(found.filter(({ priority }) => priority > lowest)),
  };
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
