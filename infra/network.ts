/** Where the cluster lives: a VPC of its own or an existing one, its security group, its private hosted zone. */
import { RemovalPolicy } from 'aws-cdk-lib';
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
import { HostedZone, type IHostedZone, PrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import { NagSuppressions } from 'cdk-nag';
import type { Construct } from 'constructs';
import { clientPort, peerPort } from '#etcd/addresses.ts';
import { Fault } from '#etcd/faults.ts';
import type { Settings } from './settings.ts';

export interface Network {
  readonly vpc: IVpc;
  readonly securityGroup: SecurityGroup;
  readonly hostedZone: IHostedZone;
}

export function createNetwork(scope: Construct, settings: Settings): Network {
  const vpc =
    settings.vpcId === undefined ? newVpc(scope, settings) : Vpc.fromLookup(scope, 'Vpc', { vpcId: settings.vpcId });
  if (vpc.privateSubnets.length === 0)
    throw new Fault(
      'InvalidInput',
      `etcd-appliance.vpcId is ${settings.vpcId}, a VPC without private subnets, where members live`,
    );
  return { vpc, securityGroup: memberSecurityGroup(scope, vpc, settings), hostedZone: zoneOf(scope, vpc, settings) };
}

function newVpc(scope: Construct, { cidr, natGateways }: Settings): IVpc {
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
  const flows = new LogGroup(scope, 'VpcFlows', {
    retention: RetentionDays.SIX_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  vpc.addFlowLog('Flows', { destination: FlowLogDestination.toCloudWatchLogs(flows) });
  return vpc as IVpc;
}

/** Members reach each other on both ports; clients only from where the settings say. */
function memberSecurityGroup(
  scope: Construct,
  vpc: IVpc,
  { cluster, clientCidrs, clientSecurityGroups }: Settings,
): SecurityGroup {
  const group = new SecurityGroup(scope, 'MemberSecurityGroup', {
    vpc,
    description: `Members of the etcd cluster ${cluster}`,
    allowAllOutbound: true,
  });
  group.addIngressRule(group, Port.tcpRange(clientPort, peerPort), 'members among themselves');
  for (const cidr of clientCidrs) group.addIngressRule(Peer.ipv4(cidr), Port.tcp(clientPort), 'clients');
  for (const id of clientSecurityGroups)
    group.addIngressRule(Peer.securityGroupId(id), Port.tcp(clientPort), 'clients');
  return group;
}

function zoneOf(scope: Construct, vpc: IVpc, { hostedZone }: Settings): IHostedZone {
  const { name: zoneName, id } = hostedZone;
  if (id !== undefined) return HostedZone.fromHostedZoneAttributes(scope, 'HostedZone', { hostedZoneId: id, zoneName });
  return new PrivateHostedZone(scope, 'HostedZone', { vpc, zoneName });
}

/** cdk-nag reads rules of imported groups as unknown; there is nothing to suppress otherwise. */
export function acceptNetworkFindings(network: Network): void {
  NagSuppressions.addResourceSuppressions(network.securityGroup, [
    {
      id: 'CdkNagValidationFailure',
      reason: 'AwsSolutions-EC23 cannot read ranges that are tokens; settings refuse 0.0.0.0/0.',
    },
  ]);
}
