/**
 * The DNS records of a cluster, all below `CLUSTER.ZONE`, so that clusters that share a hosted zone never meet:
 *
 *     _etcd-server._tcp.CLUSTER.ZONE   SRV  every voter, peer port    (etcd's --discovery-srv CLUSTER.ZONE)
 *     _etcd-client._tcp.CLUSTER.ZONE   SRV  healthy voters, client port
 *     _etcd._tcp.CLUSTER.ZONE          SRV  the same, for clients older than those names
 *     INSTANCE.CLUSTER.ZONE            A    each member; what the SRV records point to
 *     _etcd-appliance.CLUSTER.ZONE     TXT  the marker: these names belong to this cluster
 *
 * With TLS the first two are `_etcd-server-ssl` and `_etcd-client-ssl` (etcd client/pkg/srv); while members serve both, clients
 * find both names. In two regions each service for clients is two sets with latency routing: a client is told of all healthy
 * voters, those in its own region with priority 0 and the others with priority 10. Pure.
 */
import { clientPort, peerPort } from './addresses.ts';
import { canonicalName } from './dnsNames.ts';
import { identifierOf, type Routing } from './dnsRouting.ts';
import type { KnownMember } from './knownMembers.ts';
import type { Transport } from './transport.ts';

export interface DnsMember {
  /** Instance id; empty while it has not started, and then it has no records. */
  readonly name: string;
  /** IPv4. */
  readonly address: string;
  readonly healthy: boolean;
  readonly learner: boolean;
  /** Null where nobody knows: then it is in no client's own region. */
  readonly region: string | null;
  /** On its way out and still serving: where clients are sent to it already, they are as long as nobody else serves. */
  readonly lastResort?: boolean;
}

/** One record set of a hosted zone. */
export interface RecordSet {
  /** As `canonicalName` has it. */
  readonly name: string;
  /** `A`, `SRV`, `TXT`, ... */
  readonly type: string;
  /** Null for an alias. */
  readonly ttlSeconds: number | null;
  /** In Route 53's notation: `0 1 2379 host.` for SRV, in quotation marks for TXT. */
  readonly values: readonly string[];
  readonly routing: Routing;
}

export interface DnsFacts {
  /** Name of the cluster. */
  readonly cluster: string;
  readonly zoneName: string;
  readonly ttlSeconds: number;
  readonly transport: Transport;
  /** Port that members serve TLS on, where they do. */
  readonly securePort: number;
  readonly members: readonly DnsMember[];
  /** Of the cluster, home first. */
  readonly regions: readonly string[];
}

/** Of targets in SRV records: clients try the lowest first, the others when none of those answers (RFC 2782). */
const priorities = { ownRegion: 0, otherRegion: 10 } as const;

/** What a name below `CLUSTER.ZONE` is for. */
export type NameKind = 'marker' | 'server' | 'client' | 'member';

export const typeOfKind: Readonly<Record<NameKind, string>> = {
  marker: 'TXT',
  server: 'SRV',
  client: 'SRV',
  member: 'A',
};

const kinds: readonly (readonly [label: RegExp, kind: NameKind])[] = [
  [/^_etcd-appliance$/, 'marker'],
  [/^_etcd-server(-ssl)?\._tcp$/, 'server'],
  [/^_etcd(-client(-ssl)?)?\._tcp$/, 'client'],
  // Members are named by their instances; an operator's own names in here stay the operator's.
  [/^i-[0-9a-f]{8,17}$/, 'member'],
];

/** `CLUSTER.ZONE.`: what clients give to `--discovery-srv`. */
export function clusterDomain(cluster: string, zoneName: string): string {
  return canonicalName(`${cluster}.${zoneName}`);
}

/** What the name is for; null where it is none of the cluster's. */
export function kindOf(name: string, domain: string): NameKind | null {
  if (!name.endsWith(`.${domain}`)) return null;
  const label = name.slice(0, -domain.length - 1);
  return kinds.find(([pattern]) => pattern.test(label))?.[1] ?? null;
}

/** The value of the marker. */
export function ownerText(cluster: string): string {
  return `"etcd-appliance cluster=${cluster}"`;
}

/** Why no records can be made of these facts; null where they can. */
export function unusable({ cluster, zoneName, ttlSeconds, members }: DnsFacts): string | null {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(cluster)) return `the cluster's name '${cluster}' is no DNS label`;
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*\.?$/.test(zoneName)) return `'${zoneName}' is no name of a hosted zone`;
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > 2 ** 31 - 1)
    return `a TTL is a whole number of seconds from 0 to 2147483647, not ${ttlSeconds}`;
  const named = started(members);
  if (named.length === 0) return 'no member is known';
  const odd = named.find(({ name }) => kindOf(`${name}.x.`, 'x.') !== 'member');
  if (odd !== undefined) return `the member '${odd.name}' is not named by its instance`;
  const lost = named.find(({ address }) => !isIpv4(address));
  if (lost !== undefined) return `the address '${lost.address}' of ${lost.name} is not IPv4`;
  const twice = named.find((one, index) => named.findIndex(({ name }) => name === one.name) !== index);
  return twice === undefined ? null : `two members are named ${twice.name}`;
}

/** The record sets that should be there. A set that would be empty is left out: Route 53 has no empty sets. */
export function desiredRecords(facts: DnsFacts): readonly RecordSet[] {
  const { cluster, zoneName, ttlSeconds, transport, securePort, members, regions } = facts;
  const domain = clusterDomain(cluster, zoneName);
  const [plain, secure] = [transport !== 'tls', transport !== 'plain'];
  const set = (label: string, type: string, values: readonly string[], routing: Routing = 'simple'): RecordSet => ({
    name: `${label}.${domain}`,
    type,
    ttlSeconds,
    values: [...values].sort(),
    routing,
  });
  // Weight 1: with a weight of 0, Go's resolver, and so etcd's clients, would not spread over the members.
  const target = (port: number, { name }: DnsMember, priority: number) => `${priority} 1 ${port} ${name}.${domain}`;
  const voters = started(members).filter(({ learner }) => !learner);
  const serving = voters.filter(({ healthy }) => healthy);
  const near = (port: number, region: string | null) =>
    serving.map((member) =>
      target(port, member, region === null || member.region === region ? priorities.ownRegion : priorities.otherRegion),
    );
  const clients = (label: string, port: number) =>
    regions.length < 2
      ? [set(label, 'SRV', near(port, null))]
      : regions.map((region) => set(label, 'SRV', near(port, region), { setIdentifier: region, region }));
  const peers = voters.map((member) => target(peerPort, member, priorities.ownRegion));
  return [
    set('_etcd-appliance', 'TXT', [ownerText(cluster)]),
    set(`_etcd-server${plain ? '' : '-ssl'}._tcp`, 'SRV', peers),
    ...(plain ? clients('_etcd-client._tcp', clientPort) : []),
    ...(secure ? clients('_etcd-client-ssl._tcp', securePort) : []),
    ...clients('_etcd._tcp', plain ? clientPort : securePort),
    ...started(members).map(({ name, address }) => set(name, 'A', [address])),
  ].filter(({ values }) => values.length > 0);
}

/** Whether it is one that a cluster makes, by its name, type and routing. */
export function isMade({ name, type, routing }: RecordSet, domain: string): boolean {
  const kind = kindOf(name, domain);
  if (kind === null || type !== typeOfKind[kind] || routing === 'other') return false;
  return routing === 'simple' || (kind === 'client' && routing.setIdentifier === routing.region);
}

/** Which record set it is, for people and as a key: name, type, and what tells sets of one name and type apart. */
export function titleOf({ name, type, routing }: RecordSet): string {
  return [name, type, identifierOf(routing)].filter((part) => part !== null).join(' ');
}

/**
 * Members as the agent knows them; a member is reached where its first peer URL says.
 * @param leaving names of members that are on their way out: clients are not sent there any more
 * @param drained those of them that go now, whoever is left
 */
export function dnsMembers(
  members: readonly KnownMember[],
  leaving: ReadonlySet<string>,
  drained: ReadonlySet<string> = new Set(),
): readonly DnsMember[] {
  return members.map(({ name, peerUrls, healthy, isLearner, region }) => ({
    name,
    address: /^https?:\/\/([^:/]+)/.exec(peerUrls[0] ?? '')?.[1] ?? '',
    healthy: healthy && !leaving.has(name) && !drained.has(name),
    learner: isLearner,
    region,
    ...(healthy && leaving.has(name) && !drained.has(name) && { lastResort: true }),
  }));
}

function started(members: readonly DnsMember[]): readonly DnsMember[] {
  return members.filter(({ name }) => name !== '');
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}
