/** VPCs, routes and peering between regions: the same calls with an unmodified SDK client, to this home and to moto. */
import {
  AcceptVpcPeeringConnectionCommand,
  AssociateRouteTableCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
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
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { networkProviders } from '../../../../infra/local/cloudformation/providers/network.ts';
import { eventually } from '../autoscaling/smallHome.ts';
import { errorOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

const [first, second] = ['eu-west-1', 'eu-central-1'] as const;
type Region = typeof first | typeof second;

interface Network {
  readonly vpc: string;
  readonly subnet: string;
  readonly table: string;
}

describe.each(targets)('the networks of %s', (name, open) => {
  /** What AWS answers, and where moto is known to answer something else. */
  const expected = (aws: string, moto: string) => (name === 'moto' ? moto : aws);
  let target: Target;
  let mine: Network;
  let theirs: Network;
  const ec2 = (region: Region) => new EC2Client({ ...target.client, region });
  beforeAll(async () => {
    target = await open();
    mine = await networkIn(target, first, '10.42.0.0');
    theirs = await networkIn(target, second, '10.43.0.0');
  });
  afterAll(() => target.close());

  const to = (DestinationCidrBlock: string, VpcPeeringConnectionId?: string) => ({
    RouteTableId: mine.table,
    DestinationCidrBlock,
    VpcPeeringConnectionId,
  });

  test('are found by id and by VPC, and only in their region', async () => {
    const { Vpcs } = await ec2(first).send(new DescribeVpcsCommand({ VpcIds: [mine.vpc] }));
    expect(Vpcs?.[0]).toMatchObject({ CidrBlock: '10.42.0.0/16', State: 'available', IsDefault: false });
    const Filters = [{ Name: 'vpc-id', Values: [mine.vpc] }];
    const { Subnets } = await ec2(first).send(new DescribeSubnetsCommand({ Filters }));
    expect(Subnets?.map(({ SubnetId, CidrBlock }) => [SubnetId, CidrBlock])).toEqual([[mine.subnet, '10.42.0.0/24']]);
    const ofSubnet = [{ Name: 'association.subnet-id', Values: [mine.subnet] }];
    const { RouteTables } = await ec2(first).send(new DescribeRouteTablesCommand({ Filters: ofSubnet }));
    expect(RouteTables?.[0]).toMatchObject({
      RouteTableId: mine.table,
      Routes: [{ DestinationCidrBlock: '10.42.0.0/16', GatewayId: 'local', State: 'active' }],
    });
    const main = { Filters: [...Filters, { Name: 'association.main', Values: ['true'] }] };
    expect((await ec2(first).send(new DescribeRouteTablesCommand(main))).RouteTables).toHaveLength(1);
    const { SecurityGroups } = await ec2(first).send(new DescribeSecurityGroupsCommand({ Filters }));
    expect(SecurityGroups?.map(({ GroupName }) => GroupName)).toEqual(['default']);
    const elsewhere = (await ec2(second).send(new DescribeVpcsCommand({ Filters }))).Vpcs ?? [];
    expect(elsewhere).toEqual([]);
  });

  test('refuse what is not there', async () => {
    const client = ec2(first);
    expect(await errorOf(client.send(new DescribeVpcsCommand({ VpcIds: ['vpc-0123456789abcdef0'] })))).toBe(
      'InvalidVpcID.NotFound',
    );
    const SubnetIds = ['subnet-0123456789abcdef0'];
    expect(await errorOf(client.send(new DescribeSubnetsCommand({ SubnetIds })))).toBe('InvalidSubnetID.NotFound');
    const RouteTableIds = ['rtb-0123456789abcdef0'];
    const tables = client.send(new DescribeRouteTablesCommand({ RouteTableIds }));
    expect(await errorOf(tables)).toBe('InvalidRouteTableID.NotFound');
    const GroupIds = ['sg-0123456789abcdef0'];
    expect(await errorOf(client.send(new DescribeSecurityGroupsCommand({ GroupIds })))).toBe('InvalidGroup.NotFound');
    const accepted = new AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId: 'pcx-0123456789abcdef0' });
    expect(await errorOf(client.send(accepted))).toBe(
      expected('InvalidVpcPeeringConnectionID.NotFound', 'InvalidVpcPeeringConnectionId.NotFound'),
    );
    expect(await errorOf(client.send(new DeleteRouteCommand(to('10.99.0.0/16'))))).toBe('InvalidRoute.NotFound');
    const replaced = client.send(new ReplaceRouteCommand({ ...to('10.99.0.0/16'), GatewayId: 'igw-1' }));
    expect(await errorOf(replaced)).toBe('InvalidParameterValue');
  });

  test('are connected from one region to another, with a route through the connection', async () => {
    const requested = new CreateVpcPeeringConnectionCommand({
      VpcId: mine.vpc,
      PeerVpcId: theirs.vpc,
      PeerRegion: second,
    });
    const { VpcPeeringConnection } = await ec2(first).send(requested);
    const id = VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
    const accept = (region: Region) =>
      ec2(region).send(new AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id }));
    const shown = async (region: Region) => {
      const Filters = [{ Name: 'vpc-peering-connection-id', Values: [id] }];
      const { VpcPeeringConnections } = await ec2(region).send(new DescribeVpcPeeringConnectionsCommand({ Filters }));
      return VpcPeeringConnections?.[0];
    };
    const become = (region: Region, state: string) =>
      eventually(async () => (await shown(region))?.Status?.Code === state);

    await become(second, 'pending-acceptance');
    expect(await errorOf(accept(first))).toBe('OperationNotPermitted');
    await accept(second);
    await become(first, 'active');
    expect(await shown(second)).toMatchObject({
      RequesterVpcInfo: { VpcId: mine.vpc, CidrBlock: '10.42.0.0/16', Region: first },
      AccepterVpcInfo: { VpcId: theirs.vpc, CidrBlock: '10.43.0.0/16', Region: second },
    });

    await ec2(first).send(new CreateRouteCommand(to('10.43.0.0/16', id)));
    expect(await errorOf(ec2(first).send(new CreateRouteCommand(to('10.43.0.0/16', id))))).toBe('RouteAlreadyExists');
    const described = new DescribeRouteTablesCommand({ RouteTableIds: [mine.table] });
    const { RouteTables } = await ec2(first).send(described);
    expect(RouteTables?.[0]?.Routes).toContainEqual(
      expect.objectContaining({ DestinationCidrBlock: '10.43.0.0/16', VpcPeeringConnectionId: id, State: 'active' }),
    );
    await ec2(first).send(new DeleteRouteCommand(to('10.43.0.0/16')));

    await ec2(first).send(new DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id }));
    await become(first, 'deleted');
    expect(await errorOf(accept(second))).toBe('InvalidStateTransition');
  });

  test('whose ranges overlap are not connected', async () => {
    const { vpc } = await networkIn(target, second, '10.42.0.0');
    const requested = new CreateVpcPeeringConnectionCommand({ VpcId: mine.vpc, PeerVpcId: vpc, PeerRegion: second });
    const { VpcPeeringConnection } = await ec2(first).send(requested);
    const VpcPeeringConnectionIds = [VpcPeeringConnection?.VpcPeeringConnectionId ?? ''];
    await eventually(async () => {
      const asked = new DescribeVpcPeeringConnectionsCommand({ VpcPeeringConnectionIds });
      const [found] = (await ec2(first).send(asked)).VpcPeeringConnections ?? [];
      return found?.Status?.Code === expected('failed', 'pending-acceptance');
    });
  });
});

/** A VPC with a subnet, which has a route table: made in moto by AWS's own calls, in this home as CloudFormation makes it. */
async function networkIn({ home, client }: Target, region: Region, base: string): Promise<Network> {
  const [CidrBlock, subnetCidr] = [`${base}/16`, `${base}/24`];
  const AvailabilityZone = `${region}a`;
  if (home !== undefined) {
    const { services } = await home.region(region);
    const providers = networkProviders(services.vpcs, services.peerings);
    const make = async (type: string, properties: object): Promise<string> => {
      const request = { stackName: 'contract', logicalId: 'one', type, properties: { ...properties } };
      return (await providers[type]?.create(request))?.physicalId ?? '';
    };
    const VpcId = await make('AWS::EC2::VPC', { CidrBlock });
    const SubnetId = await make('AWS::EC2::Subnet', { VpcId, CidrBlock: subnetCidr, AvailabilityZone });
    const RouteTableId = await make('AWS::EC2::RouteTable', { VpcId });
    await make('AWS::EC2::SubnetRouteTableAssociation', { RouteTableId, SubnetId });
    return { vpc: VpcId, subnet: SubnetId, table: RouteTableId };
  }
  const ec2 = new EC2Client({ ...client, region });
  const VpcId = (await ec2.send(new CreateVpcCommand({ CidrBlock }))).Vpc?.VpcId;
  const subnet = new CreateSubnetCommand({ VpcId, CidrBlock: subnetCidr, AvailabilityZone });
  const SubnetId = (await ec2.send(subnet)).Subnet?.SubnetId;
  const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
  const RouteTableId = RouteTable?.RouteTableId;
  await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  return { vpc: VpcId ?? '', subnet: SubnetId ?? '', table: RouteTableId ?? '' };
}
