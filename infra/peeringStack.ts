/** The stack that connects the two regions, when both are there, and lets the cluster begin. */
import { Stack, type StackProps } from 'aws-cdk-lib';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { Bundles } from './bundles.ts';
import { tellOfFirstBootstrap } from './clusterOutputs.ts';
import { startBootstrap } from './deployment.ts';
import { hostedZoneParameter, machineName, namedArn } from './names.ts';
import type { Network } from './network.ts';
import { connectRegions } from './peering.ts';
import { resourcesAtHome } from './permissions.ts';
import type { TwoRegions } from './regions.ts';
import type { Settings } from './settings.ts';

export interface PeeringStackProps extends StackProps {
  readonly settings: Settings;
  readonly regions: TwoRegions;
  readonly bundles: Bundles;
  /** Of the two regions' stacks, home first. */
  readonly networks: readonly [Network, Network];
}

export class PeeringStack extends Stack {
  constructor(scope: Construct, id: string, { settings, regions, bundles, networks, ...props }: PeeringStackProps) {
    const { cluster } = settings;
    const [home, other] = regions;
    const description = `etcd cluster ${cluster}: the connection between ${home.region} and ${other.region}`;
    super(scope, id, { ...props, description });
    const hostedZone = HostedZone.fromHostedZoneAttributes(this, 'HostedZone', {
      hostedZoneId: StringParameter.valueForStringParameter(this, hostedZoneParameter(cluster)),
      zoneName: settings.hostedZone.name,
    });
    const connection = connectRegions(this, {
      regions,
      networks,
      hostedZone,
      revision: settings.connectionRevision,
      resources: resourcesAtHome(this, cluster, regions),
      code: bundles.functions.connectRegions ?? '',
    });
    const machine = namedArn(this, 'states', home.region, 'stateMachine', machineName(cluster, 'ClusterBootstrap'));
    const first = startBootstrap(this, bundles.functions.startBootstrap ?? '', cluster, machine);
    first.node.addDependency(connection);
    tellOfFirstBootstrap(this, first);
  }
}
