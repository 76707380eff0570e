/** The cluster's DNS records as they are and as they should be, by what the agents say. Pure. */
import { clientPort } from '#etcd/addresses.ts';
import { dnsDecision } from '#etcd/dnsChanges.ts';
import type { DnsFacts, DnsMember, RecordSet } from '#etcd/dnsRecords.ts';
import { regionOfZone } from '#etcd/regions.ts';
import { securePort } from '#etcd/transport.ts';
import type { DnsStatus, InstanceFacts } from './facts.ts';

export type ZoneFacts = Pick<DnsFacts, 'cluster' | 'zoneName' | 'ttlSeconds' | 'regions'>;

/** @param zone null: it is not there */
export function dnsStatus(
  facts: ZoneFacts,
  instances: readonly InstanceFacts[],
  zone: readonly RecordSet[] | null,
): DnsStatus {
  if (zone === null) return { verdict: 'unknown', reason: 'the hosted zone is not there', desired: [], actual: [] };
  const how = servedBy(instances);
  const decide = (serving: (one: InstanceFacts) => boolean) =>
    dnsDecision({ ...facts, ...how, members: membersOf(instances, zone, serving) }, zone);
  const healthy = decide(({ agent }) => agent?.health.verdict === 'healthy');
  // A member that cannot write, for want of space, still answers clients; the leader's agent advertises it.
  const answering = decide(({ agent }) => agent?.member?.leaderId != null);
  const { verdict, desired, actual, ...decision } = answering.verdict === 'inSync' ? answering : healthy;
  if (verdict === 'change') {
    const { length } = 'batches' in decision ? decision.batches.flatMap(({ changes }) => changes) : [];
    const reason =
      length === 1 ? '1 record set is not as it should be' : `${length} record sets are not as they should be`;
    return { verdict: 'differs', reason, desired, actual };
  }
  return { verdict, reason: 'reason' in decision ? decision.reason : '', desired, actual };
}

/** Members of a cluster on its way to TLS do not all serve the same. */
function servedBy(instances: readonly InstanceFacts[]): Pick<DnsFacts, 'transport' | 'securePort'> {
  const agents = instances.flatMap(({ agent }) => agent ?? []);
  const [first = 'plain', ...others] = new Set(agents.map(({ transport = 'plain' }) => transport));
  const transport = others.length === 0 ? first : 'both';
  const version = agents.map(({ etcd }) => etcd.version).find((known) => known !== null);
  return { transport, securePort: version == null ? clientPort : securePort(version, transport) };
}

/** As a healthy member lists them; one whose instance is gone keeps the address that the zone has for it. */
function membersOf(
  instances: readonly InstanceFacts[],
  zone: readonly RecordSet[],
  serving: (one: InstanceFacts) => boolean,
): readonly DnsMember[] {
  const lists = instances.map(({ agent }) => agent).filter((agent) => agent?.health.verdict === 'healthy');
  const listed = lists.find((agent) => agent?.member?.isLeader) ?? lists[0];
  return (listed?.member?.members ?? []).map(({ name, isLearner }) => {
    const instance = instances.find(({ instanceId }) => instanceId === name);
    const held = zone.find((set) => set.type === 'A' && set.name.startsWith(`${name}.`))?.values[0];
    const address = instance?.agent?.address ?? instance?.address ?? held ?? '';
    const region = instance === undefined ? null : regionOfZone(instance.zone);
    return { name, address, healthy: instance !== undefined && serving(instance), learner: isLearner, region };
  });
}

/** Lines that say what has to go (`-`) and what has to come (`+`); records that are right say nothing. */
export function differences({ desired, actual }: DnsStatus): readonly string[] {
  const text = ({ name, type, ttlSeconds, values, routing }: RecordSet) => {
    const region = typeof routing === 'string' ? '' : ` (${routing.region})`;
    return `${name}${region} ${ttlSeconds} ${type} ${[...values].sort().join(', ')}`;
  };
  const is = new Set(actual.map(text));
  const should = new Set(desired.map(text));
  return [
    ...[...is].filter((one) => !should.has(one)).map((one) => `- ${one}`),
    ...[...should].filter((one) => !is.has(one)).map((one) => `+ ${one}`),
  ].sort((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1));
}
