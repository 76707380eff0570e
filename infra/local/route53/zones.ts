/** Hosted zones with their record sets, one document each. */
import { randomBytes } from 'node:crypto';
import type { ResourceRecordSet, VPC } from '@aws-sdk/client-route-53';
import { canonicalName, sortKey } from '#etcd/dnsNames.ts';
import { documents } from '../wire/documents.ts';
import { AwsError, type HomeContext } from '../wire/service.ts';

export interface Zone {
  /** `Z...` */
  readonly id: string;
  /** Canonical. */
  readonly name: string;
  readonly callerReference: string;
  readonly comment?: string;
  /** Of a private zone; a public one has none. */
  readonly vpcs: readonly VPC[];
  /** As ListResourceRecordSets has them, in its order. */
  readonly recordSets: readonly ResourceRecordSet[];
}

export interface Zones {
  all(): readonly Zone[];
  /** @throws AwsError `NoSuchHostedZone` */
  get(id: string): Zone;
  /** With the SOA and NS records that every zone has. @throws AwsError `HostedZoneAlreadyExists`, `InvalidDomainName` */
  create(zone: Pick<Zone, 'name' | 'callerReference' | 'comment' | 'vpcs'>): Zone;
  replace(zone: Zone): void;
  /** @throws AwsError `HostedZoneNotEmpty` */
  delete(id: string): void;
}

/** What private zones have on AWS (Route 53: SOA and NS records). */
export const nameServers = [
  'ns-1536.awsdns-00.co.uk',
  'ns-0.awsdns-00.com',
  'ns-1024.awsdns-00.org',
  'ns-512.awsdns-00.net',
] as const;

export function createZones({ database }: HomeContext): Zones {
  const table = documents<Zone>(database, 'route53_zones');
  const get = (id: string): Zone => {
    const zone = table.get(id);
    if (zone === null) throw new AwsError('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404);
    return zone;
  };
  return {
    all: table.all,
    get,
    create({ name, ...rest }) {
      const canonical = canonicalName(name);
      if (!/^([^.]{1,63}\.)+$/.test(canonical))
        throw new AwsError('InvalidDomainName', `The domain name ${name} is not valid.`);
      const known = table.all().find(({ callerReference }) => callerReference === rest.callerReference);
      if (known !== undefined) {
        const message = `A hosted zone has already been created with the specified caller reference: ${rest.callerReference}`;
        throw new AwsError('HostedZoneAlreadyExists', message, 409);
      }
      const id = `Z${randomBytes(10).toString('hex').toUpperCase()}`;
      const zone = { ...rest, id, name: canonical, recordSets: required(canonical) };
      table.put(id, zone);
      return zone;
    },
    replace: (zone) => table.put(zone.id, zone),
    delete(id) {
      const zone = get(id);
      if (zone.recordSets.some((set) => !isRequired(set, zone.name))) {
        const message =
          'The specified hosted zone contains non-required resource record sets and so cannot be deleted.';
        throw new AwsError('HostedZoneNotEmpty', message);
      }
      table.delete(id);
    },
  };
}

/** The SOA and NS records of the zone itself. */
export function isRequired({ Name, Type }: ResourceRecordSet, zoneName: string): boolean {
  return Name === zoneName && (Type === 'SOA' || Type === 'NS');
}

function required(name: string): ResourceRecordSet[] {
  const soa = `${nameServers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`;
  return [
    { Name: name, Type: 'NS', TTL: 172_800, ResourceRecords: nameServers.map((host) => ({ Value: `${host}.` })) },
    { Name: name, Type: 'SOA', TTL: 900, ResourceRecords: [{ Value: soa }] },
  ];
}

/** The order of ListResourceRecordSets: by name with its labels reversed, then by type, then by set identifier. */
export function inOrder(a: Place, b: Place): number {
  return (
    ascii(sortKey(a.Name ?? '.'), sortKey(b.Name ?? '.')) ||
    ascii(a.Type ?? '', b.Type ?? '') ||
    ascii(a.SetIdentifier ?? '', b.SetIdentifier ?? '')
  );
}

export type Place = Pick<ResourceRecordSet, 'Name' | 'SetIdentifier'> & { readonly Type?: string | undefined };

function ascii(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
