/** The members as a client finds them that knows the cluster's SRV name and nothing else. */
import { promises } from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DnsServer } from '../dns/index.ts';

export interface Followed {
  /** As of the last answer; those of an answer without members are not taken. */
  addresses(): readonly string[];
  stop(): void;
}

const firstAnswerMs = 30_000;
const askAgainMs = 100;

const everyMs = 1_000;

/**
 * A client's view that asks as often as the records may be kept, rather than before each operation.
 * @param domain of the cluster, as clients give it to `--discovery-srv`
 * @param heard called after each answer that has members
 * @throws Error where there are no records within 30 s
 */
export async function followDns(
  server: Pick<DnsServer, 'address' | 'port'>,
  domain: string,
  heard: (addresses: readonly string[]) => void = () => {},
): Promise<Followed> {
  const resolver = resolverOf(server);
  let addresses = await firstAnswer(resolver, domain);
  const refresh = async () => {
    const found = await discover(resolver, domain).catch(() => []);
    if (found.length === 0) return;
    addresses = found;
    heard(found);
  };
  const timer = setInterval(() => void refresh(), everyMs);
  return { addresses: () => addresses, stop: () => clearInterval(timer) };
}

export function resolverOf({ address, port }: Pick<DnsServer, 'address' | 'port'>): promises.Resolver {
  const resolver = new promises.Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([`${address}:${port}`]);
  return resolver;
}

async function firstAnswer(resolver: promises.Resolver, domain: string): Promise<readonly string[]> {
  for (const deadline = performance.now() + firstAnswerMs; ; await sleep(askAgainMs)) {
    const found = await discover(resolver, domain).catch((error: Error) => error);
    if (!(found instanceof Error) && found.length > 0) return found;
    if (performance.now() < deadline) continue;
    const why = found instanceof Error ? `: ${found.message}` : '';
    throw new Error(`no records of members in ${domain} within ${firstAnswerMs / 1000} s${why}`);
  }
}

/** As etcd's own clients do, those that speak TLS and those that do not: a cluster on its way from one to the other has both. */
const services = ['_etcd-client-ssl._tcp', '_etcd-client._tcp'] as const;

/** @throws Error where neither service is there */
async function discover(resolver: promises.Resolver, domain: string): Promise<readonly string[]> {
  const asked = services.map((service) => resolver.resolveSrv(`${service}.${domain}`));
  const targets = await Promise.any(asked).catch(({ errors: [first] }: AggregateError) => Promise.reject(first));
  const found = await Promise.all(targets.map(({ name }) => resolver.resolve4(name)));
  return found.flat();
}
