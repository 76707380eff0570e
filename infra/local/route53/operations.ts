/** Route 53's operations, with inputs and outputs as the SDK client's types say. */
import { randomBytes } from 'node:crypto';
import type * as sdk from '@aws-sdk/client-route-53';
import { canonicalName, sortKey } from '#etcd/dnsNames.ts';
import { documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Operation } from '../wire/service.ts';
import { associated, disassociated, type HasVpc } from './associations.ts';
import { changedRecordSets } from './changes.ts';
import { inOrder, nameServers, type Place, type Zone, type Zones } from './zones.ts';

/** Most that a page has, and what it has unasked (AWS: API reference of the two). */
const pageSizes = { zones: 100, recordSets: 300 };

export function createOperations(
  { database }: HomeContext,
  zones: Zones,
  hasVpc: HasVpc,
): Readonly<Record<string, Operation>> {
  const changes = documents<{ readonly submittedAt: string }>(database, 'route53_changes');

  /** Changes are in effect at once; like AWS, an answer says PENDING first. */
  function submitted(): sdk.ChangeInfo {
    const id = `C${randomBytes(10).toString('hex').toUpperCase()}`;
    const now = new Date();
    changes.put(id, { submittedAt: now.toISOString() });
    return { Id: `/change/${id}`, Status: 'PENDING', SubmittedAt: now };
  }

  return {
    CreateHostedZone(input: sdk.CreateHostedZoneRequest) {
      const { Name = '', CallerReference = '', HostedZoneConfig: { Comment } = {}, VPC } = input;
      const zone = zones.create({
        name: Name,
        callerReference: CallerReference,
        ...(Comment !== undefined && { comment: Comment }),
        vpcs: VPC === undefined ? [] : [VPC],
      });
      const Location = `https://route53.amazonaws.com/2013-04-01/hostedzone/${zone.id}`;
      return { ...described(zone), ChangeInfo: submitted(), Location };
    },
    GetHostedZone: ({ Id = '' }: sdk.GetHostedZoneRequest) => described(zones.get(Id)),
    DeleteHostedZone({ Id = '' }: sdk.DeleteHostedZoneRequest) {
      zones.delete(Id);
      return { ChangeInfo: submitted() };
    },
    ListHostedZones({ Marker, MaxItems }: sdk.ListHostedZonesRequest) {
      const all = zones.all();
      const first = Marker === undefined ? 0 : all.findIndex(({ id }) => id === Marker);
      if (first < 0) throw new AwsError('NoSuchHostedZone', `No hosted zone found with ID: ${Marker}`, 404);
      const { page, next, limit } = pageFrom(all, first, MaxItems, pageSizes.zones);
      return {
        HostedZones: page.map(hostedZone),
        ...(Marker !== undefined && { Marker }),
        IsTruncated: next !== undefined,
        ...(next && { NextMarker: next.id }),
        MaxItems: limit,
      };
    },
    ListHostedZonesByName({ DNSName, HostedZoneId, MaxItems }: sdk.ListHostedZonesByNameRequest) {
      const place = (name: string, id: string) => `${sortKey(canonicalName(name))} ${id}`;
      const all = [...zones.all()].sort((a, b) => (place(a.name, a.id) < place(b.name, b.id) ? -1 : 1));
      const from = DNSName === undefined ? '' : place(DNSName, HostedZoneId ?? '');
      const first = all.findIndex(({ name, id }) => place(name, id) >= from);
      const { page, next, limit } = pageFrom(all, first < 0 ? all.length : first, MaxItems, pageSizes.zones);
      return {
        HostedZones: page.map(hostedZone),
        ...(DNSName !== undefined && { DNSName: canonicalName(DNSName) }),
        ...(HostedZoneId !== undefined && { HostedZoneId }),
        IsTruncated: next !== undefined,
        ...(next && { NextDNSName: next.name, NextHostedZoneId: next.id }),
        MaxItems: limit,
      };
    },
    ListResourceRecordSets(input: sdk.ListResourceRecordSetsRequest) {
      const { HostedZoneId = '', StartRecordName, StartRecordType, StartRecordIdentifier, MaxItems } = input;
      const { recordSets } = zones.get(HostedZoneId);
      if (StartRecordName === undefined && StartRecordType !== undefined)
        throw new AwsError('InvalidInput', 'Invalid request: a start type needs a start name.');
      if (StartRecordType === undefined && StartRecordIdentifier !== undefined)
        throw new AwsError('InvalidInput', 'Invalid request: a start identifier needs a start type.');
      const name = canonicalName(StartRecordName ?? '');
      const from: Place = { Name: name, Type: StartRecordType, SetIdentifier: StartRecordIdentifier };
      const first = StartRecordName === undefined ? 0 : recordSets.findIndex((set) => inOrder(set, from) >= 0);
      const start = first < 0 ? recordSets.length : first;
      const { page, next, limit } = pageFrom(recordSets, start, MaxItems, pageSizes.recordSets);
      return {
        ResourceRecordSets: page,
        IsTruncated: next !== undefined,
        ...(next && { NextRecordName: next.Name, NextRecordType: next.Type, NextRecordIdentifier: next.SetIdentifier }),
        MaxItems: limit,
      };
    },
    ChangeResourceRecordSets({ HostedZoneId = '', ChangeBatch }: sdk.ChangeResourceRecordSetsRequest) {
      const zone = zones.get(HostedZoneId);
      zones.replace({ ...zone, recordSets: changedRecordSets(zone, ChangeBatch?.Changes ?? []) });
      return { ChangeInfo: submitted() };
    },
    AssociateVPCWithHostedZone({ HostedZoneId = '', VPC }: sdk.AssociateVPCWithHostedZoneRequest) {
      zones.replace(associated(zones.get(HostedZoneId), VPC, zones.all(), hasVpc));
      return { ChangeInfo: submitted() };
    },
    DisassociateVPCFromHostedZone({ HostedZoneId = '', VPC }: sdk.DisassociateVPCFromHostedZoneRequest) {
      zones.replace(disassociated(zones.get(HostedZoneId), VPC));
      return { ChangeInfo: submitted() };
    },
    GetChange({ Id = '' }: sdk.GetChangeRequest) {
      const change = changes.get(Id);
      if (change === null)
        throw new AwsError('NoSuchChange', `A change with the specified change ID does not exist: ${Id}`, 404);
      return { ChangeInfo: { Id: `/change/${Id}`, Status: 'INSYNC', SubmittedAt: new Date(change.submittedAt) } };
    },
  };
}

function pageFrom<T>(all: readonly T[], first: number, maxItems: unknown, most: number) {
  const limit = maxItems === undefined ? most : Number(maxItems);
  if (!Number.isInteger(limit) || limit < 1)
    throw new AwsError('InvalidInput', `Invalid request: maxitems is ${maxItems}; allowed: 1 to ${most}.`);
  const size = Math.min(limit, most);
  return { page: all.slice(first, first + size), next: all[first + size], limit: String(size) };
}

function hostedZone({ id, name, callerReference, comment, vpcs, recordSets }: Zone): sdk.HostedZone {
  return {
    Id: `/hostedzone/${id}`,
    Name: name,
    CallerReference: callerReference,
    Config: { ...(comment !== undefined && { Comment: comment }), PrivateZone: vpcs.length > 0 },
    ResourceRecordSetCount: recordSets.length,
  };
}

function described(zone: Zone) {
  const reach = zone.vpcs.length > 0 ? { VPCs: [...zone.vpcs] } : { DelegationSet: { NameServers: [...nameServers] } };
  return { HostedZone: hostedZone(zone), ...reach };
}
