/** VPCs of the two regions and what connects them, as EC2 has them. Peering connections are seen and made from the home region. */
import {
  AcceptVpcPeeringConnectionCommand,
  CreateRouteCommand,
  CreateVpcPeeringConnectionCommand,
  DeleteRouteCommand,
  DeleteVpcPeeringConnectionCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpcsCommand,
  EC2Client,
  type Filter,
  ReplaceRouteCommand,
  type Route as SdkRoute,
  type RouteTable as SdkRouteTable,
} from '@aws-sdk/client-ec2';
import type { Connection, RegionNetwork, Route, RouteTable } from '../plan/peering.ts';
import { perRegion } from './regions.ts';

const client = perRegion((region) => new EC2Client({ region, maxAttempts: 6 }));
const clusterTag = 'etcd-appliance:cluster';
const filter = (Name: string, ...Values: string[]): Filter => ({ Name, Values });

/**
 * The VPC with this id, or the one with the cluster's tag; null where there is none.
 * @param blocks of the members' subnets, by which these are known
 * @throws Error where there is more than one
 */
export async function findNetwork(
  region: string,
  vpc: { readonly vpcId: string } | { readonly cluster: string },
  blocks: readonly string[],
): Promise<RegionNetwork | null> {
  const by = 'vpcId' in vpc ? filter('vpc-id', vpc.vpcId) : filter(`tag:${clusterTag}`, vpc.cluster);
  const { Vpcs = [] } = await client(region).send(new DescribeVpcsCommand({ Filters: [by] }));
  if (Vpcs.length > 1)
    throw new Error(`${region} has ${Vpcs.length} VPCs of the cluster: ${Vpcs.map(({ VpcId }) => VpcId).join(', ')}`);
  const { VpcId: vpcId, CidrBlock, CidrBlockAssociationSet = [] } = Vpcs[0] ?? {};
  if (vpcId === undefined) return null;
  const associated = CidrBlockAssociationSet.filter(({ CidrBlockState }) => CidrBlockState?.State !== 'disassociated');
  const all = [CidrBlock, ...associated.map((one) => one.CidrBlock)].filter((one) => one !== undefined);
  const { Subnets = [] } = await client(region).send(
    new DescribeSubnetsCommand({ Filters: [filter('vpc-id', vpcId), filter('cidr-block', ...blocks)] }),
  );
  const { RouteTables = [] } = await client(region).send(
    new DescribeRouteTablesCommand({ Filters: [filter('vpc-id', vpcId)] }),
  );
  const subnetIds = Subnets.map(({ SubnetId = '' }) => SubnetId);
  return {
    region,
    vpcId,
    blocks: [...new Set(all)],
    memberBlocks: Subnets.map((subnet) => subnet.CidrBlock ?? ''),
    tables: tablesOf(subnetIds, RouteTables),
  };
}

/** The VPC and the IPv4 blocks of subnets; null where none of them is there. */
export async function blocksOf(
  region: string,
  subnetIds: readonly string[],
): Promise<{ readonly vpcId: string | null; readonly blocks: readonly string[] }> {
  const { Subnets = [] } = await client(region).send(
    new DescribeSubnetsCommand({ Filters: [filter('subnet-id', ...subnetIds)] }),
  );
  return { vpcId: Subnets[0]?.VpcId ?? null, blocks: Subnets.map(({ CidrBlock = '' }) => CidrBlock) };
}

/** A subnet without a route table of its own uses the VPC's main one (VPC user guide: subnet route tables). */
function tablesOf(subnetIds: readonly string[], tables: readonly SdkRouteTable[]): readonly RouteTable[] {
  const own = (subnetId: string) =>
    tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnetId));
  const main = tables.find(({ Associations = [] }) => Associations.some(({ Main }) => Main));
  const used = new Set(subnetIds.map((subnetId) => own(subnetId) ?? main).filter((table) => table !== undefined));
  return [...used].map(({ RouteTableId = '', Routes = [] }) => ({ id: RouteTableId, routes: Routes.flatMap(routeOf) }));
}

function routeOf(route: SdkRoute): readonly Route[] {
  const { DestinationCidrBlock: destination, State, ...targets } = route;
  if (destination === undefined) return [];
  const target = Object.entries(targets).find(
    ([name, value]) => /Id$/.test(name) && !/Prefix|Owner/.test(name) && value,
  );
  return [{ destination, target: String(target?.[1] ?? 'an unknown target'), active: State !== 'blackhole' }];
}

/** Whoever asked for them, and also those that ended a while ago. */
export async function connectionsBetween(
  region: string,
  cluster: string,
  homeVpc: string,
  otherVpc: string,
): Promise<readonly Connection[]> {
  const asked = [
    [homeVpc, otherVpc],
    [otherVpc, homeVpc],
  ].map(async ([requester = '', accepter = '']) => {
    const Filters = [filter('requester-vpc-info.vpc-id', requester), filter('accepter-vpc-info.vpc-id', accepter)];
    const { VpcPeeringConnections = [] } = await client(region).send(
      new DescribeVpcPeeringConnectionsCommand({ Filters }),
    );
    return VpcPeeringConnections.map(({ VpcPeeringConnectionId: id = '', Status, Tags = [] }) => {
      const ours = Tags.some(({ Key, Value }) => Key === clusterTag && Value === cluster);
      return { id, requester, accepter, status: Status?.Code ?? '', ours };
    });
  });
  return (await Promise.all(asked)).flat();
}

/** @returns its id */
export async function requestConnection(cluster: string, home: RegionNetwork, other: RegionNetwork): Promise<string> {
  const { VpcPeeringConnection } = await client(home.region).send(
    new CreateVpcPeeringConnectionCommand({
      VpcId: home.vpcId,
      PeerVpcId: other.vpcId,
      PeerRegion: other.region,
      TagSpecifications: [{ ResourceType: 'vpc-peering-connection', Tags: [{ Key: clusterTag, Value: cluster }] }],
    }),
  );
  return VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
}

/** @param region of the accepter (EC2: AcceptVpcPeeringConnection) */
export async function acceptConnection(region: string, VpcPeeringConnectionId: string): Promise<void> {
  await client(region).send(new AcceptVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
}

export async function deleteConnection(region: string, VpcPeeringConnectionId: string): Promise<void> {
  await client(region).send(new DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId }));
}

/** @param how another target's route of this destination is replaced, or there is none */
export async function setRoute(
  how: 'createRoute' | 'replaceRoute',
  region: string,
  route: { readonly table: string; readonly destination: string; readonly connection: string },
): Promise<void> {
  const input = {
    RouteTableId: route.table,
    DestinationCidrBlock: route.destination,
    VpcPeeringConnectionId: route.connection,
  };
  if (how === 'createRoute') await client(region).send(new CreateRouteCommand(input));
  else await client(region).send(new ReplaceRouteCommand(input));
}

export async function deleteRoute(region: string, RouteTableId: string, DestinationCidrBlock: string): Promise<void> {
  await client(region).send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock }));
}
