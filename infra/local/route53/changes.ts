/** ChangeResourceRecordSets: all changes of a batch or, with everything that is wrong with them, none. Pure. */
import { type Change, type ResourceRecordSet, ResourceRecordSetRegion } from '@aws-sdk/client-route-53';
import { canonicalName, isWithin } from '#etcd/dnsNames.ts';
import { AwsError } from '../wire/service.ts';
import { valueProblem } from './values.ts';
import { inOrder, type Zone } from './zones.ts';

const actions = ['CREATE', 'DELETE', 'UPSERT'];
const regions: readonly string[] = Object.values(ResourceRecordSetRegion);
const most = { records: 1_000, characters: 32_000 };

/**
 * The zone's record sets after the changes.
 * @throws AwsError `InvalidInput` for what is no change at all, `InvalidChangeBatch` for what cannot be made of these record sets
 */
export function changedRecordSets(zone: Zone, changes: readonly Change[]): readonly ResourceRecordSet[] {
  if (changes.length === 0) throw new AwsError('InvalidInput', 'Invalid request: a batch has at least one change.');
  const batch = changes.map(wellFormed);
  refuseLargeBatch(batch);
  const sets = new Map(zone.recordSets.map((set) => [keyOf(set), set]));
  const errors = [...repeated(batch), ...batch.flatMap((change) => apply(change, sets, zone))];
  errors.push(...(errors.length === 0 ? misfits(batch, [...sets.values()], zone) : []));
  if (errors.length > 0) throw new AwsError('InvalidChangeBatch', `[${errors.join(', ')}]`);
  return [...sets.values()].sort(inOrder);
}

interface WellFormed {
  readonly action: string;
  readonly set: ResourceRecordSet & { readonly Name: string; readonly Type: string };
}

function wellFormed({ Action = '' as never, ResourceRecordSet: set }: Change): WellFormed {
  if (!actions.includes(Action)) throw notInEnumeration(Action, actions);
  const { Name, Type, TTL, ResourceRecords, SetIdentifier, Region, ...more } = set ?? {
    Name: undefined,
    Type: undefined,
  };
  if (Name === undefined || Type === undefined) throw invalid('Invalid request: a record set has a Name and a Type.');
  const [extra] = Object.keys(more);
  if (extra !== undefined)
    throw invalid(
      `This home's Route 53 has no ${extra} (${Name} ${Type}): plain record sets and latency routing only.`,
    );
  const where = `Change with [Action=${Action}, Name=${Name}, Type=${Type}, SetIdentifier=${SetIdentifier ?? null}]`;
  if (TTL === undefined || ResourceRecords === undefined || ResourceRecords.length === 0) {
    const one = '[AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]';
    throw invalid(`Invalid request: Expected exactly one of ${one}, but found none in ${where}`);
  }
  const plain = { Name: canonicalName(Name), Type, TTL, ResourceRecords };
  if (SetIdentifier === undefined && Region === undefined) return { action: Action, set: plain };
  if (SetIdentifier === undefined) throw invalid(`Invalid request: Missing field 'SetIdentifier' in ${where}`);
  if (Region === undefined) {
    const one = '[Weight, Region, Failover, GeoLocation, or MultiValueAnswer]';
    throw invalid(`Invalid request: Expected exactly one of ${one}, but found none in ${where}`);
  }
  if (!regions.includes(Region)) throw notInEnumeration(Region, regions);
  return { action: Action, set: { ...plain, SetIdentifier, Region } };
}

function notInEnumeration(value: string, all: readonly string[]): AwsError {
  const enumeration = `enumeration '[${all.join(', ')}]'. It must be a value from the enumeration.`;
  return invalid(
    `Invalid XML ; cvc-enumeration-valid: Value '${value}' is not facet-valid with respect to ${enumeration}`,
  );
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidInput', message);
}

/** An UPSERT counts twice. */
function refuseLargeBatch(batch: readonly WellFormed[]): void {
  const values = batch.flatMap(({ action, set }) =>
    action === 'UPSERT' ? [...valuesOf(set), ...valuesOf(set)] : valuesOf(set),
  );
  const refuse = (what: string, limit: number) =>
    new AwsError('InvalidChangeBatch', `[Number of ${what} limit of ${limit} exceeded.]`);
  if (values.length > most.records) throw refuse('records', most.records);
  if (values.join('').length > most.characters) throw refuse('characters', most.characters);
}

/** One change of a record set per batch, or a DELETE and then what replaces it. */
function repeated(batch: readonly WellFormed[]): string[] {
  const byKey = Map.groupBy(batch, ({ set }) => keyOf(set));
  return [...byKey].flatMap(([key, [first, second, third]]) => {
    const replaces = first?.action === 'DELETE' && second?.action !== 'DELETE' && third === undefined;
    if (second === undefined || replaces) return [];
    const [name, type] = key.split(' ');
    return [`The request contains an invalid set of changes for a resource record set '${type} ${name}'`];
  });
}

function apply({ action, set }: WellFormed, sets: Map<string, ResourceRecordSet>, zone: Zone): string[] {
  const { Name, Type, SetIdentifier } = set;
  const there = sets.get(keyOf(set));
  const title = `name='${Name}', type='${Type}'${SetIdentifier === undefined ? '' : `, set-identifier='${SetIdentifier}'`}`;
  const tried = (what: string, but: string) => [`Tried to ${what} resource record set [${title}] but ${but}`];
  if (!isWithin(Name, zone.name)) return [`RRSet with DNS name ${Name} is not permitted in zone ${zone.name}`];
  if (action === 'DELETE') {
    if (there === undefined) return tried('delete', 'it was not found');
    if (!isSame(there, set)) return tried('delete', 'the values provided do not match the current values');
    sets.delete(keyOf(set));
    return [];
  }
  const wrong = valuesOf(set).flatMap((value) => valueProblem(Type, value) ?? []);
  if (wrong.length > 0) return wrong;
  const twice = valuesOf(set).find((value, index, all) => all.indexOf(value) !== index);
  if (twice !== undefined) return [`Duplicate Resource Record: '${twice}'`];
  if (action === 'CREATE' && there !== undefined) return tried('create', 'it already exists');
  const conflict = routingConflict(set, [...sets.values()]);
  if (conflict !== null) return [conflict];
  sets.set(keyOf(set), set);
  return [];
}

/**
 * Of one name and type there is one simple record set, or those of latency routing, each of another region. Changes take
 * effect in their order: what is replaced is deleted first. (AWS may look at a batch as a whole, and take more.)
 */
function routingConflict(set: WellFormed['set'], sets: readonly ResourceRecordSet[]): string | null {
  const { Name, Type, SetIdentifier, Region } = set;
  const beside = sets.filter((one) => one.Name === Name && one.Type === Type && keyOf(one) !== keyOf(set));
  const isLatency = ({ Region: of }: ResourceRecordSet) => of !== undefined;
  if (Region === undefined)
    return beside.some(isLatency)
      ? `RRSet with DNS name ${Name}, type ${Type} cannot be created as other RRSets exist with the same name and type.`
      : null;
  const created = `RRSet with DNS name ${Name}, type ${Type}, SetIdentifier ${SetIdentifier}, and Region Name=${Region} cannot be created because a`;
  if (!beside.every(isLatency)) return `${created} non-latency RRSet with the same name and type already exists.`;
  if (!beside.some((one) => one.Region === Region)) return null;
  return `${created} latency RRSet with the same name, type and region already exists.`;
}

/** What no zone may look like after a batch. */
function misfits(batch: readonly WellFormed[], sets: readonly ResourceRecordSet[], { name: zoneName }: Zone): string[] {
  const has = (name: string, type: string) => sets.some((one) => one.Name === name && one.Type === type);
  const names = [...new Set(batch.map(({ set }) => set.Name))];
  const conflicts = names
    .filter((name) => has(name, 'CNAME'))
    .flatMap((name) => {
      if (name === zoneName)
        return [`RRSet of type CNAME with DNS name ${name} is not permitted at apex in zone ${zoneName}`];
      const others = sets.filter(({ Name, Type }) => Name === name && Type !== 'CNAME');
      return others.map(
        ({ Type }) =>
          `RRSet of type ${Type} with DNS name ${name} is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone ${zoneName}`,
      );
    });
  return [
    ...conflicts,
    ...(has(zoneName, 'SOA') ? [] : ['A HostedZone must contain exactly one SOA record.']),
    ...(has(zoneName, 'NS') ? [] : ['A HostedZone must contain at least one NS record for the zone itself.']),
  ];
}

function isSame(a: ResourceRecordSet, b: ResourceRecordSet): boolean {
  return a.TTL === b.TTL && a.Region === b.Region && valuesOf(a).sort().join('\n') === valuesOf(b).sort().join('\n');
}

function valuesOf({ ResourceRecords = [] }: Pick<ResourceRecordSet, 'ResourceRecords'>): string[] {
  return ResourceRecords.map(({ Value }) => Value ?? '');
}

function keyOf({ Name, Type, SetIdentifier = '' }: Pick<ResourceRecordSet, 'Name' | 'Type' | 'SetIdentifier'>): string {
  return `${Name} ${Type} ${SetIdentifier}`;
}
