/**
 * What connects the networks of two regions, as a custom resource of the project's own. CloudFormation's resources would need each
 * VPC's id in the other region's stack, and cannot have a hosted zone seen from a VPC that is not in its template.
 */
import { CfnCustomResource, type Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { agentTags } from '../agent/protocol.ts';
import { groupName, vpcParameter } from './names.ts';
import type { Network } from './network.ts';
import { type Grant, grantOf, joined, onAnything, type Resources } from './permissions.ts';
import type { TwoRegions } from './regions.ts';
import { createFunction } from './tasks.ts';

export interface ConnectionProps {
  readonly regions: TwoRegions;
  /** Home first, as the regions are. */
  readonly networks: readonly [Network, Network];
  readonly resources: Resources;
  /** Folder of the function. */
  readonly code: string;
}

/** @param props with the setting `connectionRevision`: another one has the connection looked at again */
export function connectRegions(
  scope: Stack,
  props: ConnectionProps & { readonly hostedZone: IHostedZone; readonly revision: number },
): CfnCustomResource {
  const { regions, resources, hostedZone, revision } = props;
  return createResource(scope, props, {
    id: 'ConnectRegions',
    type: 'RegionPeering',
    description: `etcd ${resources.cluster}: connects its two regions`,
    properties: {
      VpcIds: regions
        .map(({ region }) => StringParameter.valueForStringParameter(scope, vpcParameter(resources.cluster, region)))
        .join(),
      HostedZoneId: hostedZone.hostedZoneId,
      Revision: String(revision),
    },
    grant: joined(
      lookingAround,
      connecting(props),
      disconnecting(props),
      grantOf('describeGroup', resources),
      grantOf('readRecord', resources),
      {
        statements: [
          new PolicyStatement({
            actions: [
              'route53:GetHostedZone',
              'route53:AssociateVPCWithHostedZone',
              'route53:DisassociateVPCFromHostedZone',
            ],
            resources: [hostedZone.hostedZoneArn],
          }),
        ],
        wildcards: [],
      },
    ),
  });
}

/**
 * In the stack of the other region: tells home of its VPC, and disconnects it when its instances have gone and before the VPC does. The
 * stack that connects the two takes the VPCs' ids from parameters, and so is updated where a VPC is made anew.
 */
export function tellVpc(scope: Stack, props: ConnectionProps): CfnCustomResource {
  const { regions, networks, resources } = props;
  const { cluster } = resources;
  const [home, other] = regions;
  const name = vpcParameter(cluster, other.region);
  const parameter = scope.formatArn({
    service: 'ssm',
    region: home.region,
    resource: 'parameter',
    resourceName: name.slice(1),
  });
  return createResource(scope, props, {
    id: 'TellVpc',
    type: 'RegionVpc',
    description: `etcd ${cluster}: tells home of this region's VPC, and disconnects it when it is deleted`,
    // Home may not be there yet: which VPC it has is asked when it is needed.
    properties: { VpcIds: [home.vpcId ?? '', networks[1].vpc.vpcId].join(), Parameter: name },
    grant: joined(lookingAround, disconnecting(props), {
      statements: [
        new PolicyStatement({ actions: ['ssm:PutParameter', 'ssm:DeleteParameter'], resources: [parameter] }),
      ],
      wildcards: [],
    }),
  });
}

/** @param vpc of the home region, for the stack that connects the two */
export function publishVpc(scope: Stack, cluster: string, { vpc }: Network): void {
  new StringParameter(scope, 'VpcId', {
    parameterName: vpcParameter(cluster, scope.region),
    stringValue: vpc.vpcId,
    description: `VPC of the etcd cluster ${cluster}`,
  });
}

interface Custom {
  readonly id: string;
  readonly type: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly grant: Grant;
}

function createResource(scope: Stack, props: ConnectionProps, custom: Custom): CfnCustomResource {
  const { regions, networks, resources, code } = props;
  const { cluster, table } = resources;
  const names = regions.map(({ region }) => region).join();
  const connect = createFunction(scope, custom.id, {
    code,
    description: custom.description,
    timeoutSeconds: 300,
    memoryMiB: 256,
    environment: { CLUSTER: cluster, TABLE: table.tableName, GROUP: groupName(cluster), REGIONS: names },
    grant: custom.grant,
  });
  const resource = new CfnCustomResource(scope, custom.type, {
    serviceToken: connect.functionArn,
    serviceTimeout: 360,
  });
  resource.addOverride('Type', `Custom::${custom.type}`);
  for (const [name, value] of Object.entries({
    Cluster: cluster,
    Regions: names,
    MemberBlocks: networks.map(({ memberBlocks }) => memberBlocks.join()).join(';'),
    ...custom.properties,
  }))
    resource.addPropertyOverride(name, value);
  if (connect.role) resource.node.addDependency(connect.role);
  return resource;
}

const lookingAround = onAnything(
  "EC2's Describe calls know no resources.",
  'ec2:DescribeVpcs',
  'ec2:DescribeSubnets',
  'ec2:DescribeRouteTables',
  'ec2:DescribeVpcPeeringConnections',
);

const anyConnection = {
  resource: /^Resource::arn:<AWS::Partition>:ec2:.*:vpc-peering-connection\/\*$/,
  reason: "The id of a peering connection is not known before it is made; its tag or its VPC is the cluster's.",
};

/** Peering connections of the cluster's VPCs alone, with the cluster's tag, and the routes into them. */
function connecting(props: ConnectionProps): Grant {
  const { regions, resources } = props;
  const [home, other] = regions;
  const { cluster } = resources;
  const tag = { [`aws:RequestTag/${agentTags.cluster}`]: cluster };
  const [atHome, elsewhere] = [home, other].map(({ region }) =>
    arnIn(resources, region, 'vpc-peering-connection', '*'),
  ) as [string, string];
  return joined(
    vpc(props, 0, 'ec2:CreateVpcPeeringConnection'),
    vpc(props, 1, 'ec2:AcceptVpcPeeringConnection'),
    {
      statements: [
        new PolicyStatement({
          actions: ['ec2:CreateVpcPeeringConnection'],
          resources: [atHome],
          conditions: { StringEquals: tag },
        }),
        new PolicyStatement({
          actions: ['ec2:CreateTags'],
          resources: [atHome],
          conditions: { StringEquals: { ...tag, 'ec2:CreateAction': 'CreateVpcPeeringConnection' } },
        }),
        // Tags of a connection are those of the region where they were set: there are none to go by where it is accepted.
        // It is the requester's VPC that tells whose it is: one of this account, in the home region.
        new PolicyStatement({
          actions: ['ec2:AcceptVpcPeeringConnection'],
          resources: [elsewhere],
          conditions: { ArnLike: { 'ec2:RequesterVpc': arnIn(resources, home.region, 'vpc', home.vpcId ?? '*') } },
        }),
      ],
      wildcards: [anyConnection],
    },
    routes(props, 'ec2:CreateRoute', 'ec2:ReplaceRoute'),
  );
}

function disconnecting(props: ConnectionProps): Grant {
  const { regions, resources } = props;
  return joined(routes(props, 'ec2:DeleteRoute'), {
    statements: [
      new PolicyStatement({
        actions: ['ec2:DeleteVpcPeeringConnection'],
        resources: [arnIn(resources, regions[0].region, 'vpc-peering-connection', '*')],
        conditions: ofCluster(resources),
      }),
    ],
    wildcards: [anyConnection],
  });
}

/** An existing VPC by its id, the cluster's own by its tag. @param index of the region */
function vpc({ regions, resources }: ConnectionProps, index: 0 | 1, ...actions: string[]): Grant {
  const { region, vpcId } = regions[index];
  if (vpcId !== undefined)
    return {
      statements: [new PolicyStatement({ actions, resources: [arnIn(resources, region, 'vpc', vpcId)] })],
      wildcards: [],
    };
  return tagged(resources, region, 'vpc', actions);
}

/** The route tables of the members' subnets: of an existing VPC by their ids, of the cluster's own by their tag. */
function routes({ regions, networks, resources }: ConnectionProps, ...actions: string[]): Grant {
  return joined(
    ...regions.map(({ region, vpcId }, index) => {
      if (vpcId === undefined) return tagged(resources, region, 'route-table', actions);
      const tables = [...new Set(networks[index]?.routeTables)].map((id) =>
        arnIn(resources, region, 'route-table', id),
      );
      return { statements: [new PolicyStatement({ actions, resources: tables })], wildcards: [] };
    }),
  );
}

function tagged(resources: Resources, region: string, resource: 'vpc' | 'route-table', actions: string[]): Grant {
  return {
    statements: [
      new PolicyStatement({
        actions,
        resources: [arnIn(resources, region, resource, '*')],
        conditions: ofCluster(resources),
      }),
    ],
    wildcards: [
      {
        resource: new RegExp(`^Resource::arn:<AWS::Partition>:ec2:.*:${resource}\\/\\*$`),
        reason:
          "Its id is not known where the other region is deployed first; a condition admits those with the cluster's tag.",
      },
    ],
  };
}

function ofCluster({ cluster }: Resources): { readonly StringEquals: Readonly<Record<string, string>> } {
  return { StringEquals: { [`ec2:ResourceTag/${agentTags.cluster}`]: cluster } };
}

function arnIn({ scope }: Resources, region: string, resource: string, resourceName: string): string {
  return scope.formatArn({ service: 'ec2', region, resource, resourceName });
}
