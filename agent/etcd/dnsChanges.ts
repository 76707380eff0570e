/** What has to change in a hosted zone for a cluster's records to be right, or nothing and why. Pure. */
import { type Batch, batchesOf, type RecordChange, withinLimits } from './dnsBatches.ts';
import {
  clusterDomain,
  type DnsFacts,
  desiredRecords,
  isMade,
  kindOf,
  ownerText,
  type RecordSet,
  titleOf,
  typeOfKind,
  unusable,
} from './dnsRecords.ts';
import { sameValue, targetOf } from './dnsValues.ts';

export type DnsDecision = {
  /** What is in the zone at the cluster's names. */
  readonly actual: readonly RecordSet[];
} & (
  | { readonly verdict: 'inSync'; readonly desired: readonly RecordSet[] }
  /** One after the other; none of them is empty. */
  | { readonly verdict: 'change'; readonly desired: readonly RecordSet[]; readonly batches: readonly Batch[] }
  /** Somebody else has one of the names. */
  | { readonly verdict: 'notOurs'; readonly desired: readonly RecordSet[]; readonly reason: string }
  /** Nothing can be said from these facts. */
  | { readonly verdict: 'unknown'; readonly desired: readonly []; readonly reason: string }
);

/** @param zone the zone's record sets, at least all at `CLUSTER.ZONE` and below */
export function dnsDecision(facts: DnsFacts, zone: readonly RecordSet[]): DnsDecision {
  const domain = clusterDomain(facts.cluster, facts.zoneName);
  const actual = zone.filter(({ name }) => kindOf(name, domain) !== null);
  const reason = unusable(facts);
  if (reason !== null) return { verdict: 'unknown', desired: [], actual, reason };
  const kept = keptAsTheyAre(facts, actual, domain);
  const desired = [...desiredRecords(facts).filter(({ name }) => !kept.some((one) => one.name === name)), ...kept];
  const foreign = foreignReason(facts.cluster, actual, domain);
  if (foreign !== null) return { verdict: 'notOurs', desired, actual, reason: foreign };
  const mine = owned(actual, domain);
  const changes = changesBetween(desired, mine);
  if (changes.length === 0) return { verdict: 'inSync', desired, actual };
  const batches = batchesOf(changes, mine, (name) => kindOf(name, domain) === 'client');
  return { verdict: 'change', desired, actual, batches };
}

/** What removes a cluster's records, as many as fit into one batch, marker last; empty where they are not this cluster's. */
export function removalChanges(cluster: string, zoneName: string, zone: readonly RecordSet[]): readonly RecordChange[] {
  const domain = clusterDomain(cluster, zoneName);
  const actual = zone.filter(({ name }) => kindOf(name, domain) !== null);
  if (!isMarked(cluster, actual, domain)) return [];
  const last = (one: RecordSet) => Number(kindOf(one.name, domain) === 'marker');
  const mine = [...owned(actual, domain)].sort((a, b) => last(a) - last(b));
  return withinLimits(mine.map((recordSet) => [{ action: 'DELETE', recordSet }]));
}

/**
 * Services without anybody to name stay as they are, and so do the addresses they point to: a client that finds an old
 * member may wait for it, one that finds nothing gives up. But where all that serve are on their way out, those that have
 * gone already are not named any longer.
 */
function keptAsTheyAre(facts: DnsFacts, actual: readonly RecordSet[], domain: string): readonly RecordSet[] {
  const fresh = desiredRecords(facts);
  const nobody = (['server', 'client'] as const).filter(
    (kind) => !fresh.some(({ name }) => kindOf(name, domain) === kind),
  );
  const mine = owned(actual, domain);
  const services = mine
    .filter(({ name }) => nobody.some((kind) => kind === kindOf(name, domain)))
    .map((service) => (kindOf(service.name, domain) === 'client' ? withoutGone(service, facts, domain) : service));
  const targets = new Set(services.flatMap(({ values }) => values.map(targetOf)));
  const addresses = mine.filter(({ name, type }) => type === 'A' && targets.has(name));
  return [...services, ...addresses.filter(({ name }) => !fresh.some((one) => one.name === name))];
}

/** Nobody is added: who is not named any more may be waiting for its clients to stop coming. */
function withoutGone(service: RecordSet, { members }: DnsFacts, domain: string): RecordSet {
  const serving = members.filter(({ learner, lastResort }) => !learner && lastResort === true);
  const left = service.values.filter((value) => serving.some(({ name }) => `${name}.${domain}` === targetOf(value)));
  return left.length === 0 ? service : { ...service, values: left };
}

function foreignReason(cluster: string, actual: readonly RecordSet[], domain: string): string | null {
  const [first] = actual;
  if (first === undefined) return null;
  if (!isMarked(cluster, actual, domain))
    return `${first.name} ${first.type} is there without ${ownerText(cluster)} in a TXT record at _etcd-appliance.${domain}: it belongs to somebody else`;
  const inTheWay = actual.find(
    (one) => one.type === 'CNAME' || (one.type === typeAt(one.name, domain) && !isMade(one, domain)),
  );
  if (inTheWay === undefined) return null;
  const what = inTheWay.type === 'CNAME' ? 'a CNAME' : 'an alias or part of a routing policy';
  return `${inTheWay.name} ${inTheWay.type} is ${what}, which this cluster never makes, and in the way of its own record`;
}

function isMarked(cluster: string, actual: readonly RecordSet[], domain: string): boolean {
  return actual.some(
    ({ name, type, values }) =>
      type === 'TXT' && kindOf(name, domain) === 'marker' && values.includes(ownerText(cluster)),
  );
}

function owned(actual: readonly RecordSet[], domain: string): readonly RecordSet[] {
  return actual.filter((one) => isMade(one, domain));
}

function typeAt(name: string, domain: string): string | null {
  const kind = kindOf(name, domain);
  return kind === null ? null : typeOfKind[kind];
}

/** Those of one name belong together: between a simple set and those of latency routing there is no moment without an answer. */
function changesBetween(
  desired: readonly RecordSet[],
  actual: readonly RecordSet[],
): readonly (readonly RecordChange[])[] {
  const names = [...new Set([...desired, ...actual].map(({ name }) => name))];
  const at = (sets: readonly RecordSet[], wanted: string) => sets.filter(({ name }) => name === wanted);
  return names.map((name) => changesAt(at(desired, name), at(actual, name))).filter(({ length }) => length > 0);
}

/** What goes comes first: Route 53 takes no simple set beside those of latency routing, and none of these beside a simple one. */
function changesAt(desired: readonly RecordSet[], actual: readonly RecordSet[]): readonly RecordChange[] {
  const among = (sets: readonly RecordSet[], wanted: RecordSet) => sets.find((one) => titleOf(one) === titleOf(wanted));
  const gone = actual.filter((one) => among(desired, one) === undefined);
  const made = desired.flatMap((recordSet): RecordChange[] => {
    const now = among(actual, recordSet);
    if (now === undefined) return [{ action: 'CREATE', recordSet }];
    return isSame(now, recordSet) ? [] : [{ action: 'UPSERT', recordSet }];
  });
  return [...gone.map((recordSet): RecordChange => ({ action: 'DELETE', recordSet })), ...made];
}

function isSame(a: RecordSet, b: RecordSet): boolean {
  const text = ({ type, values }: RecordSet) =>
    values
      .map((value) => sameValue(type, value))
      .sort()
      .join('\n');
  return a.ttlSeconds === b.ttlSeconds && text(a) === text(b);
}
