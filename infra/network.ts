/** Where members live in one region: a VPC of the cluster's own or an existing one, and their security group. */
import { RemovalPolicy, type Stack, Tags } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { NagSuppressions } from 'cdk-nag';
import { clientPort, peerPort } from '#etcd/addresses.ts';
import { Fault } from '#etcd/faults.ts';
import { factsOf } from '#etcd/minors.ts';
import { besidePort } from '#etcd/transport.ts';
import { agentTags } from '../agent/protocol.ts';
import { overlap } from '../tasks/plan/ipv4Blocks.ts';
import { overlapping, type Place, type TwoRegions } from './regions.ts';
import type { Settings } from './settings.ts';

export interface Network {
  readonly vpc: IVpc;
  readonly securityGroup: SecurityGroup;
  /** The IPv4 blocks of the subnets in which members live. */
  readonly memberBlocks: readonly string[];
  /** The route tables of those subnets, where the VPC is not the cluster's own; which have them is known by a tag otherwise. */
  readonly routeTables: readonly string[];
}

/**
 * @param place of this region
 * @param clientGroups ids of the security groups of clients, which are those of one region
 * @throws Fault `InvalidInput` where an existing VPC has no room for members
 */
export function createNetwork(
  scope: Stack,
  settings: Settings,
  place: Place,
  clientGroups: readonly string[] = [],
): Network {
  const { vpcId } = place;
  const vpc = vpcId === undefined ? newVpc(scope, settings, place) : Vpc.fromLookup(scope, 'Vpc', { vpcId });
  if (vpc.privateSubnets.length === 0)
    throw new Fault('InvalidInput', `the VPC ${vpcId} of the settings has no private subnets, where members live`);
  return {
    vpc,
    securityGroup: memberSecurityGroup(scope, vpc, settings, clientGroups),
    memberBlocks: vpc.privateSubnets.map(({ ipv4CidrBlock }) => ipv4CidrBlock),
    routeTables: vpcId === undefined ? [] : vpc.privateSubnets.map(({ routeTable }) => routeTable.routeTableId),
  };
}

function newVpc(scope: Stack, { cluster, natGateways }: Settings, { cidr }: Place): IVpc {
  const vpc = new Vpc(scope, 'Vpc', {
    ipAddresses: IpAddresses.cidr(cidr),
    maxAzs: 3,
    natGateways,
    restrictDefaultSecurityGroup: false,
    subnetConfiguration: [
      { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      { name: 'Members', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24 },
    ],
    // Free, and they keep releases and the cluster record off the NAT gateways.
    gatewayEndpoints: {
      S3: { service: GatewayVpcEndpointAwsService.S3 },
      DynamoDB: { service: GatewayVpcEndpointAwsService.DYNAMODB },
    },
  });
  // By which whoever connects two regions finds what it may connect.
  Tags.of(vpc).add(agentTags.cluster, cluster, {
    includeResourceTypes: ['AWS::EC2::VPC', 'AWS::EC2::Subnet', 'AWS::EC2::RouteTable'],
  });
  const flows = new LogGroup(scope, 'VpcFlows', {
    retention: RetentionDays.SIX_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  vpc.addFlowLog('Flows', { destination: FlowLogDestination.toCloudWatchLogs(flows) });
  return vpc as IVpc;
}

/** Members reach each other on both ports; clients only from where the settings say. */
function memberSecurityGroup(
  scope: Stack,
  vpc: IVpc,
  { cluster, etcdVersion, clientCidrs }: Settings,
  clientGroups: readonly string[],
): SecurityGroup {
  const group = new SecurityGroup(scope, 'MemberSecurityGroup', {
    vpc,
    description: `Members of the etcd cluster ${cluster}`,
    allowAllOutbound: true,
  });
  group.addIngressRule(group, Port.tcpRange(clientPort, peerPort), 'members among themselves');
  const clients = [
    ...clientCidrs.map((cidr) => Peer.ipv4(cidr)),
    ...clientGroups.map((id) => Peer.securityGroupId(id)),
  ];
  // A cluster that begins with 2.x may come to serve TLS beside HTTP on its way to TLS alone.
  const ports = factsOf(etcdVersion).tls.onePort ? [clientPort] : [clientPort, besidePort];
  for (const client of clients) for (const port of ports) group.addIngressRule(client, Port.tcp(port), 'clients');
  return group;
}

/**
 * Lets the members of two regions reach each other.
 * @param regions home first, as the networks are
 * @throws Fault `InvalidInput` where an existing VPC's addresses are also the other's
 */
export function connectNetworks([home, other]: TwoRegions, atHome: Network, elsewhere: Network): void {
  const [homeBlock, block] = [blockOf(atHome, home), blockOf(elsewhere, other)];
  if (homeBlock !== null && block !== null && overlap(homeBlock, block))
    throw overlapping(`regions.1.${other.vpcId === undefined ? 'cidr' : 'vpcId'}`, block, homeBlock);
  admitMembersOf(elsewhere, other.region, atHome);
  admitMembersOf(atHome, home.region, elsewhere);
}

/** Null until the CDK has looked an existing VPC up, when a made-up one stands for it. */
function blockOf({ vpc }: Network, { vpcId, cidr }: Place): string | null {
  if (vpcId === undefined) return cidr;
  return vpc.vpcId === vpcId ? vpc.vpcCidrBlock : null;
}

/**
 * Lets the members of the other region in, and nothing else of it. Security groups of another region cannot be named (VPC peering
 * guide: security groups), so it is their subnets.
 */
function admitMembersOf(other: Network, region: string, { securityGroup }: Network): void {
  for (const block of other.memberBlocks)
    securityGroup.addIngressRule(Peer.ipv4(block), Port.tcpRange(clientPort, peerPort), `members in ${region}`);
}

/** cdk-nag reads rules of imported groups as unknown; there is nothing to suppress otherwise. */
export function acceptNetworkFindings({ securityGroup }: Network): void {
  NagSuppressions.addResourceSuppressions(securityGroup, [
    {
      id: 'CdkNagValidationFailure',
      reason: 'AwsSolutions-EC23 cannot read ranges that are tokens; settings refuse 0.0.0.0/0.',
    },
  ]);
}
