/**
 * Amazon Route 53 (Service Authorization Reference: list_amazonroute53; developer guide: Using IAM policy conditions for
 * fine-grained access control).
 */
import type { Change, VPC } from '@aws-sdk/client-route-53';
import { canonicalName } from '#etcd/dnsNames.ts';
import { on, onAnything, onResource, type Row } from './row.ts';

interface Input {
  readonly VPC?: VPC;
  readonly Id?: string;
  readonly HostedZoneId?: string;
  readonly ChangeBatch?: { readonly Changes?: readonly Change[] };
}

/** Ids may be given with the folder that answers have before them. */
const idOf = (id: string) => id.split('/').at(-1) ?? '';
const zoneArn = (id: string) => `arn:aws:route53:::hostedzone/${idOf(id)}`;

/**
 * As Route 53 compares names: lower case, without the dot at the end; what is neither letter, digit, `-`, `_` nor `.` as
 * `\` and three octal digits.
 */
export function normalizedName(name: string): string {
  return canonicalName(name)
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/[^a-z0-9._\\-]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** Route 53 looks at the VPC as the caller, too. */
const onAssociation =
  (action: string): Row =>
  ({ HostedZoneId = '', VPC: { VPCId, VPCRegion } = {} }: Input) => [
    on(`route53:${action}`, zoneArn(HostedZoneId), { 'route53:VPCs': [`VPCId=${VPCId},VPCRegion=${VPCRegion}`] }),
    on('ec2:DescribeVpcs', '*'),
  ];

const distinct = (values: readonly (string | undefined)[]) => [...new Set(values.filter((one) => one !== undefined))];

export const route53Actions: Readonly<Record<string, Row>> = {
  ...onAnything('route53', 'CreateHostedZone', 'ListHostedZones', 'ListHostedZonesByName'),
  ...onResource('route53', ({ Id = '' }: Input) => zoneArn(Id), 'DeleteHostedZone', 'GetHostedZone'),
  ...onResource('route53', ({ HostedZoneId = '' }: Input) => zoneArn(HostedZoneId), 'ListResourceRecordSets'),
  ...onResource('route53', ({ Id = '' }: Input) => `arn:aws:route53:::change/${idOf(Id)}`, 'GetChange'),
  AssociateVPCWithHostedZone: onAssociation('AssociateVPCWithHostedZone'),
  DisassociateVPCFromHostedZone: onAssociation('DisassociateVPCFromHostedZone'),
  ChangeResourceRecordSets({ HostedZoneId = '', ChangeBatch }: Input) {
    const changes = ChangeBatch?.Changes ?? [];
    const values = {
      NormalizedRecordNames: distinct(changes.map(({ ResourceRecordSet: set }) => normalizedName(set?.Name ?? ''))),
      RecordTypes: distinct(changes.map(({ ResourceRecordSet: set }) => set?.Type)),
      Actions: distinct(changes.map(({ Action }) => Action)),
    };
    const context = Object.entries(values).map(([name, given]) => [`route53:ChangeResourceRecordSets${name}`, given]);
    // Of a request without changes the keys are missing.
    const present = changes.length === 0 ? {} : Object.fromEntries(context);
    return [on('route53:ChangeResourceRecordSets', zoneArn(HostedZoneId), present)];
  },
};
