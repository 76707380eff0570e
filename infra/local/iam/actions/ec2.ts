/** Amazon EC2 (Service Authorization Reference: list_amazonec2; VPC peering guide: Identity and access management). */
import type { Context } from '../conditions.ts';
import type { AccessRequest } from '../evaluate.ts';
import { arnIn, type Facts, type Tags, tagContext } from '../facts.ts';
import { on, onAnything, type Row } from './row.ts';

interface Tag {
  readonly Key?: string;
  readonly Value?: string;
}

interface Input {
  readonly InstanceIds?: readonly string[];
  readonly Resources?: readonly string[];
  readonly Tags?: readonly Tag[];
  readonly RouteTableId?: string;
  readonly VpcId?: string;
  readonly PeerVpcId?: string;
  readonly PeerRegion?: string;
  readonly VpcPeeringConnectionId?: string;
  readonly TagSpecifications?: readonly { readonly Tags?: readonly Tag[] }[];
}

/** With `ec2:ResourceTag/KEY` and `aws:ResourceTag/KEY` of the resource. */
function onTagged(action: string, facts: Facts, resource: string, tags: Tags, more: Context = {}): AccessRequest {
  return on(`ec2:${action}`, arnIn(facts, 'ec2', resource), { ...tagContext(tags, 'ec2:ResourceTag'), ...more });
}

const onInstance = (action: string, id: string, facts: Facts) =>
  onTagged(action, facts, `instance/${id}`, facts.instanceTags(id));

const onVpc = (action: string, id: string, facts: Facts) =>
  onTagged(action, facts, `vpc/${id}`, facts.networkTags(id), { 'ec2:VpcID': [id] });

function onRouteTable(action: string): Row {
  return ({ RouteTableId: id = '' }: Input, facts) => {
    const vpc = facts.vpcOfRouteTable(id);
    const more = vpc === null ? {} : { 'ec2:Vpc': [arnIn(facts, 'ec2', `vpc/${vpc}`)] };
    return [onTagged(action, facts, `route-table/${id}`, facts.networkTags(id), { 'ec2:RouteTableID': [id], ...more })];
  };
}

function onPeering(action: string, id: string, facts: Facts): AccessRequest {
  const peering = facts.peering(id);
  const vpcs =
    peering === null ? {} : { 'ec2:RequesterVpc': [peering.requesterVpc], 'ec2:AccepterVpc': [peering.accepterVpc] };
  const more = { 'ec2:VpcPeeringConnectionID': [id], ...vpcs };
  return onTagged(action, facts, `vpc-peering-connection/${id}`, peering?.tags ?? {}, more);
}

function requested(tags: readonly Tag[]): Context {
  if (tags.length === 0) return {};
  const values = tags.map(({ Key = '', Value = '' }) => [`aws:RequestTag/${Key}`, [Value]]);
  return { ...Object.fromEntries(values), 'aws:TagKeys': tags.map(({ Key = '' }) => Key) };
}

/** By the prefix of ids. */
const taggedTypes: Readonly<Record<string, string>> = {
  i: 'instance',
  vpc: 'vpc',
  subnet: 'subnet',
  rtb: 'route-table',
  sg: 'security-group',
  pcx: 'vpc-peering-connection',
};

function onAny(action: string, id: string, facts: Facts, more: Context): AccessRequest {
  const type = taggedTypes[id.split('-')[0] ?? ''] ?? 'instance';
  const tags = type === 'instance' ? facts.instanceTags(id) : (facts.peering(id)?.tags ?? facts.networkTags(id));
  return onTagged(action, facts, `${type}/${id}`, tags, more);
}

export const ec2Actions: Readonly<Record<string, Row>> = {
  ...onAnything(
    'ec2',
    'DescribeAvailabilityZones',
    'DescribeInstances',
    'DescribeLaunchTemplateVersions',
    'DescribeRouteTables',
    'DescribeSecurityGroups',
    'DescribeSubnets',
    'DescribeVpcPeeringConnections',
    'DescribeVpcs',
  ),
  TerminateInstances: ({ InstanceIds = [] }: Input, facts) =>
    InstanceIds.map((id) => onInstance('TerminateInstances', id, facts)),
  RebootInstances: ({ InstanceIds = [] }: Input, facts) =>
    InstanceIds.map((id) => onInstance('RebootInstances', id, facts)),
  CreateTags: ({ Resources = [], Tags = [] }: Input, facts) =>
    Resources.map((id) => onAny('CreateTags', id, facts, requested(Tags))),
  CreateRoute: onRouteTable('CreateRoute'),
  ReplaceRoute: onRouteTable('ReplaceRoute'),
  DeleteRoute: onRouteTable('DeleteRoute'),
  /** The requester's VPC, the connection that is to be made, and its tags. */
  CreateVpcPeeringConnection(input: Input, facts) {
    const { VpcId = '', PeerVpcId = '', PeerRegion = facts.region, TagSpecifications = [] } = input;
    const tags = requested(TagSpecifications.flatMap((one) => one.Tags ?? []));
    const peerPlace = { region: PeerRegion, account: facts.account };
    const made = arnIn(facts, 'ec2', 'vpc-peering-connection/*');
    const vpcs = {
      'ec2:RequesterVpc': [arnIn(facts, 'ec2', `vpc/${VpcId}`)],
      'ec2:AccepterVpc': [arnIn(peerPlace, 'ec2', `vpc/${PeerVpcId}`)],
    };
    const action = 'CreateVpcPeeringConnection';
    const tagging = on('ec2:CreateTags', made, { ...tags, 'ec2:CreateAction': [action] });
    return [
      onVpc(action, VpcId, facts),
      on(`ec2:${action}`, made, { ...tags, ...vpcs }),
      ...(TagSpecifications.length === 0 ? [] : [tagging]),
    ];
  },
  /** The connection, as its accepter's region has it, and the accepter's VPC. */
  AcceptVpcPeeringConnection({ VpcPeeringConnectionId: id = '' }: Input, facts) {
    const vpc = facts.peering(id)?.accepterVpc.split('/').at(-1);
    const action = 'AcceptVpcPeeringConnection';
    return [onPeering(action, id, facts), ...(vpc === undefined ? [] : [onVpc(action, vpc, facts)])];
  },
  DeleteVpcPeeringConnection: ({ VpcPeeringConnectionId: id = '' }: Input, facts) => [
    onPeering('DeleteVpcPeeringConnection', id, facts),
  ],
};
