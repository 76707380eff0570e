/** What a look at the cluster says about its DNS records. */
import { dnsMembers } from '#etcd/dnsRecords.ts';
import { securePort } from '#etcd/transport.ts';
import type { Dns, DnsState, ReconcileFacts } from './dns.ts';
import type { Surroundings } from './surroundings.ts';

export interface Exceptions {
  /** Instance id of one that leaves, whatever its group says yet: all of its records go. */
  readonly leaving?: string;
  /** Name of a member that clients are not to be sent to for a while: the other members still find it. */
  readonly resting?: string;
}

/** Brings the records to what was seen. */
export function reconcileDns(dns: Dns, seen: Surroundings, exceptions: Exceptions = {}): Promise<DnsState> {
  return dns.reconcile(dnsFacts(seen, exceptions));
}

function dnsFacts(seen: Surroundings, { leaving = '', resting }: Exceptions): ReconcileFacts {
  const { settings, members, regions, version, transport } = seen;
  const { hostedZone, recordTtlSeconds } = settings;
  const instances = regions.flatMap(({ group }) => group?.instances ?? []);
  const terminating = instances.filter(({ lifecycleState }) => lifecycleState.startsWith('Terminating'));
  const going = new Set(terminating.map(({ instanceId }) => instanceId));
  const advertised = members.map((member) => (member.name === resting ? { ...member, healthy: false } : member));
  const zone = { zoneId: hostedZone.id, zoneName: hostedZone.name, ttlSeconds: recordTtlSeconds };
  return {
    ...zone,
    transport,
    securePort: securePort(version, transport),
    members: dnsMembers(advertised, going, new Set([leaving])),
    regions: regions.map(({ region }) => region),
  };
}

/** Beyond the records' time to live: a change takes a moment to reach Route 53's servers, and requests are under way. */
const drainMarginMs = 1_000;

/** Milliseconds until clients have stopped coming, after the records were brought to this state. */
export function drainedAfterMs({ verdict }: DnsState, { settings }: Surroundings): number {
  return verdict === 'changed' || verdict === 'inSync' ? settings.recordTtlSeconds * 1000 + drainMarginMs : 0;
}
