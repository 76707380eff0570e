/** Networks as CloudFormation makes them, described, and connected from one region to another over the API. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AcceptVpcPeeringConnectionCommand,
  CreateRouteCommand,
  CreateTagsCommand,
  CreateVpcPeeringConnectionCommand,
  DeleteRouteCommand,
  DeleteVpcPeeringConnectionCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpcsCommand,
  EC2Client,
  ReplaceRouteCommand,
} from '@aws-sdk/client-ec2';
import {
  AssociateVPCWithHostedZoneCommand,
  DisassociateVPCFromHostedZoneCommand,
  GetHostedZoneCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Home, openHome } from '../../../../../infra/local/home.ts';
import { eventually } from '../../autoscaling/smallHome.ts';
import { errorOf } from '../../contract/target.ts';
import { assemblyOf, type HandStack } from '../../home/assembly.ts';

const [first, second] = ['eu-west-1', 'eu-central-1'] as const;
type Region = typeof first | typeof second;

let folder: string;
let home: Home;
const ec2 = (region: Region) =>
  new EC2Client({ endpoint: home.endpoint, region, credentials: home.credentials, maxAttempts: 1 });
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'networks-'));
  home = await openHome({ folder: join(folder, 'home') });
  await home.deploy(assemblyOf(folder, stacks));
});
afterAll(async () => {
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

const cluster = [{ Key: 'cluster', Value: 'etcd' }];

function networkOf(cidr: string): HandStack['resources'] {
  const inVpc = { VpcId: { Ref: 'Vpc' } };
  return {
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: cidr, Tags: cluster } },
    Subnet: {
      Type: 'AWS::EC2::Subnet',
      Properties: {
        ...inVpc,
        CidrBlock: cidr.replace('/16', '/24'),
        AvailabilityZone: { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] },
        Tags: [{ Key: 'kind', Value: 'Members' }],
      },
    },
    Table: { Type: 'AWS::EC2::RouteTable', Properties: { ...inVpc, Tags: cluster } },
    Association: {
      Type: 'AWS::EC2::SubnetRouteTableAssociation',
      Properties: { RouteTableId: { Ref: 'Table' }, SubnetId: { Ref: 'Subnet' } },
    },
    Nat: { Type: 'AWS::EC2::NatGateway', Properties: { SubnetId: { Ref: 'Subnet' } } },
    Default: {
      Type: 'AWS::EC2::Route',
      Properties: {
        RouteTableId: { Ref: 'Table' },
        DestinationCidrBlock: '0.0.0.0/0',
        NatGatewayId: { Ref: 'Nat' },
      },
    },
    Group: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        ...inVpc,
        GroupDescription: 'members',
        SecurityGroupIngress: [
          { IpProtocol: 'tcp', FromPort: 2379, ToPort: 2380, CidrIp: '10.9.0.0/24', Description: 'there' },
        ],
      },
    },
    Among: {
      Type: 'AWS::EC2::SecurityGroupIngress',
      Properties: {
        GroupId: { 'Fn::GetAtt': ['Group', 'GroupId'] },
        IpProtocol: 'tcp',
        FromPort: '2379',
        ToPort: '2380',
        SourceSecurityGroupId: { 'Fn::GetAtt': ['Group', 'GroupId'] },
      },
    },
  };
}

const outputs = Object.fromEntries(['Vpc', 'Subnet', 'Table', 'Group', 'Nat'].map((id) => [id, { Ref: id }]));
const zone = {
  Type: 'AWS::Route53::HostedZone',
  Properties: { Name: 'internal', VPCs: [{ VPCId: { Ref: 'Vpc' }, VPCRegion: { Ref: 'AWS::Region' } }] },
};
const homeStack: HandStack = {
  name: 'home',
  resources: { ...networkOf('10.42.0.0/16'), Zone: zone },
  outputs: { ...outputs, Zone: { Ref: 'Zone' } },
};
const stacks: readonly HandStack[] = [
  homeStack,
  { name: 'other', region: second, resources: networkOf('10.43.0.0/16'), outputs },
  { name: 'overlapping', region: second, resources: networkOf('10.42.0.0/16'), outputs },
];
const of = (stack: string, output: string) => home.stackOutputs[stack]?.[output] ?? '';

describe('what CloudFormation made', () => {
  test('are VPCs with ranges and tags, in their region alone', async () => {
    const { Vpcs } = await ec2(first).send(new DescribeVpcsCommand({}));
    expect(Vpcs).toEqual([
      expect.objectContaining({
        VpcId: of('home', 'Vpc'),
        CidrBlock: '10.42.0.0/16',
        Tags: cluster,
        State: 'available',
      }),
    ]);
    const tagged = {
      Filters: [
        { Name: 'tag:cluster', Values: ['etcd'] },
        { Name: 'cidr', Values: ['10.43.*'] },
      ],
    };
    const there = await ec2(second).send(new DescribeVpcsCommand(tagged));
    expect(there.Vpcs?.map(({ VpcId }) => VpcId)).toEqual([of('other', 'Vpc')]);
    const elsewhere = new DescribeVpcsCommand({ VpcIds: [of('other', 'Vpc')] });
    expect(await errorOf(ec2(first).send(elsewhere))).toBe('InvalidVpcID.NotFound');
    const odd = new DescribeVpcsCommand({ Filters: [{ Name: 'colour', Values: ['red'] }] });
    expect(await errorOf(ec2(first).send(odd))).toBe('InvalidParameterValue');
  });

  test('are subnets with their zones', async () => {
    const Filters = [{ Name: 'vpc-id', Values: [of('other', 'Vpc')] }];
    const { Subnets } = await ec2(second).send(new DescribeSubnetsCommand({ Filters }));
    expect(Subnets).toEqual([
      expect.objectContaining({
        SubnetId: of('other', 'Subnet'),
        CidrBlock: '10.43.0.0/24',
        AvailabilityZone: `${second}b`,
        Tags: [{ Key: 'kind', Value: 'Members' }],
      }),
    ]);
    const SubnetIds = ['subnet-1'];
    expect(await errorOf(ec2(first).send(new DescribeSubnetsCommand({ SubnetIds })))).toBe('InvalidSubnetID.NotFound');
  });

  test('are route tables: the main one of the VPC, and that of the subnet', async () => {
    const { RouteTables } = await ec2(first).send(new DescribeRouteTablesCommand({}));
    const local = {
      DestinationCidrBlock: '10.42.0.0/16',
      GatewayId: 'local',
      Origin: 'CreateRouteTable',
      State: 'active',
    };
    const internet = {
      DestinationCidrBlock: '0.0.0.0/0',
      NatGatewayId: of('home', 'Nat'),
      Origin: 'CreateRoute',
      State: 'active',
    };
    expect(RouteTables).toEqual([
      expect.objectContaining({ Associations: [expect.objectContaining({ Main: true })], Routes: [local] }),
      expect.objectContaining({
        RouteTableId: of('home', 'Table'),
        Associations: [expect.objectContaining({ Main: false, SubnetId: of('home', 'Subnet') })],
        Routes: [local, internet],
        Tags: cluster,
      }),
    ]);
    const Filters = [{ Name: 'association.subnet-id', Values: [of('home', 'Subnet')] }];
    const found = await ec2(first).send(new DescribeRouteTablesCommand({ Filters }));
    expect(found.RouteTables?.map(({ RouteTableId }) => RouteTableId)).toEqual([of('home', 'Table')]);
    const RouteTableIds = ['rtb-1'];
    const unknown = ec2(first).send(new DescribeRouteTablesCommand({ RouteTableIds }));
    expect(await errorOf(unknown)).toBe('InvalidRouteTableID.NotFound');
  });

  test('are security groups with the rules of both kinds of resources', async () => {
    const GroupIds = [of('home', 'Group')];
    const { SecurityGroups } = await ec2(first).send(new DescribeSecurityGroupsCommand({ GroupIds }));
    expect(SecurityGroups?.[0]).toMatchObject({
      Description: 'members',
      VpcId: of('home', 'Vpc'),
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: 2379,
          ToPort: 2380,
          IpRanges: [{ CidrIp: '10.9.0.0/24', Description: 'there' }],
          UserIdGroupPairs: [{ GroupId: of('home', 'Group') }],
        },
      ],
      IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    });
    const unknown = ec2(first).send(new DescribeSecurityGroupsCommand({ GroupIds: ['sg-1'] }));
    expect(await errorOf(unknown)).toBe('InvalidGroup.NotFound');
  });
});

async function peerings(region: Region) {
  const { VpcPeeringConnections = [] } = await ec2(region).send(new DescribeVpcPeeringConnectionsCommand({}));
  return VpcPeeringConnections;
}
const stateOf = async (id: string, region: Region) =>
  (await peerings(region)).find(({ VpcPeeringConnectionId }) => VpcPeeringConnectionId === id)?.Status?.Code;
const becomes = (id: string, region: Region, state: string) =>
  eventually(async () => (await stateOf(id, region)) === state);
const accept = (id: string, region: Region) =>
  ec2(region).send(new AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id }));
const remove = (id: string, region: Region) =>
  ec2(region).send(new DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id }));

async function request(PeerVpcId: string): Promise<string> {
  const asked = new CreateVpcPeeringConnectionCommand({
    VpcId: of('home', 'Vpc'),
    PeerVpcId,
    PeerRegion: second,
    TagSpecifications: [{ ResourceType: 'vpc-peering-connection', Tags: cluster }],
  });
  return (await ec2(first).send(asked)).VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
}

describe('a peering connection', () => {
  test('is requested, accepted in the other region, and shown in both, with tags on one side', async () => {
    const id = await request(of('other', 'Vpc'));
    expect(await errorOf(request(of('other', 'Vpc')))).toBe('VpcPeeringConnectionAlreadyExists');
    await becomes(id, second, 'pending-acceptance');
    expect(await errorOf(accept(id, first))).toBe('OperationNotPermitted');
    await accept(id, second);
    await becomes(id, first, 'active');
    const [mine] = await peerings(first);
    expect(mine).toMatchObject({
      RequesterVpcInfo: { Region: first, VpcId: of('home', 'Vpc'), CidrBlock: '10.42.0.0/16' },
      AccepterVpcInfo: { Region: second, VpcId: of('other', 'Vpc'), CidrBlock: '10.43.0.0/16' },
      Tags: cluster,
    });
    expect((await peerings(second))[0]?.Tags ?? []).toEqual([]);
    await ec2(second).send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'side', Value: 'other' }] }));
    const Filters = [
      { Name: 'tag:side', Values: ['other'] },
      { Name: 'status-code', Values: ['active'] },
      { Name: 'requester-vpc-info.vpc-id', Values: [of('home', 'Vpc')] },
    ];
    const found = await ec2(second).send(new DescribeVpcPeeringConnectionsCommand({ Filters }));
    expect(found.VpcPeeringConnections).toHaveLength(1);
    await remove(id, second);
    await becomes(id, first, 'deleted');
    expect(await errorOf(accept(id, second))).toBe('InvalidStateTransition');
  }, 30_000);

  test.each([
    ['of overlapping ranges', () => of('overlapping', 'Vpc')],
    ['with no VPC', () => 'vpc-0123456789abcdef0'],
  ])(
    '%s fails, and is never seen in the other region',
    async (_what, peer) => {
      const id = await request(peer());
      await becomes(id, first, 'failed');
      expect(await stateOf(id, second)).toBeUndefined();
      expect(await errorOf(accept(id, second))).toBe('InvalidVpcPeeringConnectionID.NotFound');
    },
    30_000,
  );

  test('of a VPC that is not there is refused', async () => {
    const asked = new CreateVpcPeeringConnectionCommand({ VpcId: 'vpc-1', PeerVpcId: of('home', 'Vpc') });
    expect(await errorOf(ec2(first).send(asked))).toBe('InvalidVpcID.NotFound');
    const VpcPeeringConnectionIds = ['pcx-1'];
    const unknown = ec2(first).send(new DescribeVpcPeeringConnectionsCommand({ VpcPeeringConnectionIds }));
    expect(await errorOf(unknown)).toBe('InvalidVpcPeeringConnectionID.NotFound');
  });
});

describe('a route', () => {
  const RouteTableId = () => of('home', 'Table');
  const routes = async () => {
    const asked = new DescribeRouteTablesCommand({ RouteTableIds: [RouteTableId()] });
    return (await ec2(first).send(asked)).RouteTables?.[0]?.Routes ?? [];
  };
  const to = (DestinationCidrBlock: string, VpcPeeringConnectionId?: string) => ({
    RouteTableId: RouteTableId(),
    DestinationCidrBlock,
    VpcPeeringConnectionId,
  });
  const through = async (cidr: string) =>
    (await routes()).find(({ DestinationCidrBlock }) => DestinationCidrBlock === cidr);

  test('leads through a peering connection as long as that is active', async () => {
    const id = await request(of('other', 'Vpc'));
    await ec2(first).send(new CreateRouteCommand(to('10.43.0.0/16', id)));
    expect(await through('10.43.0.0/16')).toMatchObject({ VpcPeeringConnectionId: id, State: 'blackhole' });
    expect(await errorOf(ec2(first).send(new CreateRouteCommand(to('10.43.7.0/16', id))))).toBe('RouteAlreadyExists');
    await becomes(id, second, 'pending-acceptance');
    await accept(id, second);
    expect(await through('10.43.0.0/16')).toMatchObject({ State: 'active' });
    await becomes(id, first, 'active');
    await remove(id, first);
    expect(await through('10.43.0.0/16')).toMatchObject({ State: 'blackhole' });
    expect(await errorOf(ec2(first).send(new CreateRouteCommand(to('10.44.0.0/16', id))))).toBe(
      'InvalidStateTransition',
    );

    const again = await request(of('other', 'Vpc'));
    await ec2(first).send(new ReplaceRouteCommand(to('10.43.0.0/16', again)));
    expect(await through('10.43.0.0/16')).toMatchObject({ VpcPeeringConnectionId: again });
    await ec2(first).send(new DeleteRouteCommand(to('10.43.0.0/16')));
    expect(await through('10.43.0.0/16')).toBeUndefined();
    await becomes(again, first, 'pending-acceptance');
    await remove(again, first);
  }, 30_000);

  test('that cannot be is refused', async () => {
    const send = (command: CreateRouteCommand | ReplaceRouteCommand | DeleteRouteCommand) =>
      errorOf(ec2(first).send(command as CreateRouteCommand));
    expect(await send(new DeleteRouteCommand(to('10.99.0.0/16')))).toBe('InvalidRoute.NotFound');
    expect(await send(new DeleteRouteCommand(to('10.42.0.0/16')))).toBe('InvalidParameterValue');
    expect(await send(new ReplaceRouteCommand({ ...to('10.99.0.0/16'), GatewayId: 'igw-1' }))).toBe(
      'InvalidParameterValue',
    );
    expect(await send(new CreateRouteCommand(to('10.99.0.0/16', 'pcx-1')))).toBe(
      'InvalidVpcPeeringConnectionID.NotFound',
    );
    expect(await send(new CreateRouteCommand(to('10.99.0.0/16')))).toBe('InvalidParameterCombination');
    expect(await send(new CreateRouteCommand({ ...to('10.99/16'), GatewayId: 'igw-1' }))).toBe('InvalidParameterValue');
  });
});

describe('the private hosted zone', () => {
  const route53 = () =>
    new Route53Client({ endpoint: home.endpoint, region: first, credentials: home.credentials, maxAttempts: 1 });
  const vpc = (stack: string, VPCRegion: Region) => ({
    HostedZoneId: of('home', 'Zone'),
    VPC: { VPCId: of(stack, 'Vpc'), VPCRegion },
  });
  const vpcs = async () => (await route53().send(new GetHostedZoneCommand({ Id: of('home', 'Zone') }))).VPCs;

  test('comes to be associated with a VPC of another region, and that survives an update of the zone', async () => {
    const [own, other] = [vpc('home', first), vpc('other', second)];
    expect(await errorOf(route53().send(new DisassociateVPCFromHostedZoneCommand(other)))).toBe(
      'VPCAssociationNotFound',
    );
    const { ChangeInfo } = await route53().send(new AssociateVPCWithHostedZoneCommand(other));
    expect(ChangeInfo?.Id).toMatch(/^\/change\//);
    expect(await vpcs()).toEqual([own.VPC, other.VPC]);
    expect(await errorOf(route53().send(new AssociateVPCWithHostedZoneCommand(other)))).toBe('ConflictingDomainExists');
    const wrong = { ...other, VPC: { ...other.VPC, VPCRegion: first } };
    expect(await errorOf(route53().send(new AssociateVPCWithHostedZoneCommand(wrong)))).toBe('InvalidVPCId');

    const Properties = { ...zone.Properties, HostedZoneConfig: { Comment: 'new' } };
    const changed = { ...homeStack, resources: { ...homeStack.resources, Zone: { ...zone, Properties } } };
    await home.deploy(assemblyOf(folder, [changed]));
    expect(await vpcs()).toEqual([own.VPC, other.VPC]);

    await route53().send(new DisassociateVPCFromHostedZoneCommand(other));
    expect(await vpcs()).toEqual([own.VPC]);
    expect(await errorOf(route53().send(new DisassociateVPCFromHostedZoneCommand(own)))).toBe('LastVPCAssociation');
  });
});

test('a stack that is deleted takes its network along, and the peering connections of its VPC', async () => {
  const id = await request(of('other', 'Vpc'));
  await becomes(id, second, 'pending-acceptance');
  await accept(id, second);
  await home.destroyStack('other');
  await becomes(id, first, 'deleted');
  const { Vpcs } = await ec2(second).send(new DescribeVpcsCommand({}));
  expect(Vpcs?.map(({ VpcId }) => VpcId)).toEqual([of('overlapping', 'Vpc')]);
  const tables = await ec2(second).send(new DescribeRouteTablesCommand({}));
  expect(tables.RouteTables?.every(({ VpcId }) => VpcId === of('overlapping', 'Vpc'))).toBe(true);
}, 30_000);
