/**
 * The stack of the region that is not home: instances, and what they need there. What the cluster has once is in the home region, and
 * known here by its name, so that this stack can be deployed before that one or after it.
 */
import type { Construct } from 'constructs';
import { bucketKeys } from '../agent/protocol.ts';
import { createGroupAlarm } from './alarms.ts';
import { grantRecordsElsewhere } from './dns.ts';
import { refuseDeletionOfRegion } from './guards.ts';
import { capacityOf, createMembers } from './members.ts';
import { acceptNetworkFindings, createNetwork, type Network } from './network.ts';
import { tellVpc } from './peering.ts';
import { resourcesAtHome } from './permissions.ts';
import { RegionStack, type RegionStackProps } from './regionStack.ts';
import type { TwoRegions } from './regions.ts';

export interface OtherRegionStackProps extends RegionStackProps {
  readonly regions: TwoRegions;
  readonly homeNetwork: Network;
}

export class OtherRegionStack extends RegionStack {
  readonly network: Network;

  constructor(scope: Construct, id: string, { regions, homeNetwork, ...props }: OtherRegionStackProps) {
    const { settings, bundles } = props;
    const { cluster } = settings;
    const [home, other] = regions;
    const description = `etcd cluster ${cluster}: ${other.members} of ${settings.members} members, home is ${home.region}`;
    super(scope, id, other.zones, { ...props, description });

    this.network = createNetwork(this, settings, other);
    const resources = resourcesAtHome(this, cluster, regions);
    const { sha256 } = bundles.agent;
    const told = tellVpc(this, {
      regions,
      networks: [homeNetwork, this.network],
      resources,
      code: bundles.functions.tellVpc ?? '',
    });
    told.node.addDependency(this.network.vpc);
    const { document, role, group } = createMembers(this, {
      settings,
      network: this.network,
      resources,
      release: { region: home.region, bucket: resources.bucket.bucketName, key: bucketKeys.agent(sha256), sha256 },
      capacity: capacityOf(settings, other.members, 0),
    });
    grantRecordsElsewhere(role, cluster, settings);
    // Instances leave through the connection, and so before it.
    group.node.addDependency(told);
    createGroupAlarm(this, cluster, group, other.members);
    acceptNetworkFindings(this.network);
    this.output('ClusterName', cluster, 'Name of the cluster');
    this.output('HomeRegion', home.region, 'Where the cluster record, the state machines and the dashboard are');
    this.output('GroupName', group.autoScalingGroupName, 'Auto Scaling group of the members in this region');
    this.output('DocumentName', document.ref, 'Run Command document that reaches the agents in this region');
    this.output('SecurityGroupId', this.network.securityGroup.securityGroupId, 'Security group of those members');
    refuseDeletionOfRegion(this, { regions, resources, code: bundles.functions.guardRegion ?? '' });
  }
}
