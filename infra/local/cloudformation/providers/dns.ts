/** Hosted zones and plain record sets. */
import type { Change, ResourceRecordSet, VPC } from '@aws-sdk/client-route-53';
import { reassociated } from '../../route53/associations.ts';
import { changedRecordSets } from '../../route53/changes.ts';
import { nameServers, type Zones } from '../../route53/zones.ts';
import { generatedName, type Providers, text } from '../provider.ts';

type Properties = Readonly<Record<string, unknown>>;

export function dns(zones: Zones): Providers {
  const change = (properties: Properties, ...changes: Change[]) => {
    const zone = zones.get(text(properties, 'HostedZoneId') ?? '');
    zones.replace({ ...zone, recordSets: changedRecordSets(zone, changes) });
  };
  return {
    'AWS::Route53::HostedZone': {
      create(request) {
        const { VPCs = [] } = request.properties as { VPCs?: VPC[] };
        const zone = zones.create({
          name: text(request.properties, 'Name') ?? '',
          callerReference: generatedName(request),
          ...commentOf(request.properties),
          vpcs: VPCs,
        });
        return { physicalId: zone.id, attributes: { Id: zone.id, NameServers: nameServers } };
      },
      update({ properties }, existing) {
        const { VPCs = [] } = properties as { VPCs?: VPC[] };
        if (text(properties, 'Name') !== text(existing.properties, 'Name'))
          throw new Error('its name changed, which replaces it on AWS; start over with --fresh');
        const { comment: _, ...zone } = zones.get(existing.physicalId);
        const { VPCs: before = [] } = existing.properties as { VPCs?: VPC[] };
        zones.replace({ ...zone, ...commentOf(properties), vpcs: reassociated(zone.vpcs, before, VPCs) });
        return existing;
      },
      delete: ({ physicalId }) => zones.delete(physicalId),
    },
    'AWS::Route53::RecordSet': {
      create({ properties }) {
        change(properties, { Action: 'CREATE', ResourceRecordSet: recordSetOf(properties) });
        return { physicalId: text(properties, 'Name') ?? '', attributes: {} };
      },
      delete: ({ properties }) => change(properties, { Action: 'DELETE', ResourceRecordSet: recordSetOf(properties) }),
    },
  };
}

function commentOf({ HostedZoneConfig }: Properties): { comment?: string } {
  const comment = text((HostedZoneConfig ?? {}) as Properties, 'Comment');
  return comment === undefined ? {} : { comment };
}

/** CloudFormation takes the TTL as text and the records as a list of values. */
function recordSetOf(properties: Properties): ResourceRecordSet {
  const { HostedZoneId: _, HostedZoneName, Comment, TTL, ResourceRecords, ...rest } = properties;
  if (HostedZoneName !== undefined) throw new Error('this home needs the HostedZoneId of a record set');
  return {
    ...(rest as unknown as Pick<ResourceRecordSet, 'Name' | 'Type'>),
    TTL: Number(TTL),
    ResourceRecords: ((ResourceRecords ?? []) as string[]).map((Value) => ({ Value })),
  };
}
