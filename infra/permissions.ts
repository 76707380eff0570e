/** What each task may do; every wildcard with its reason, which is also what cdk-nag is told. */
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Permission } from '../tasks/catalogue.ts';
import { bucketName, documentName, groupName, machineName, tableName } from './names.ts';
import type { TwoRegions } from './regions.ts';
import type { AcceptedWildcard } from './wildcards.ts';

/** What permissions are about, wherever it is. */
export interface Resources {
  readonly cluster: string;
  /** Of the home region. */
  readonly table: RecordTable;
  /** Of the home region. */
  readonly bucket: Pick<IBucket, 'bucketName' | 'bucketArn' | 'arnForObjects'>;
  /** Absent outside of the home region's stack, where its id is not known before the deployment. */
  readonly hostedZone?: Pick<IHostedZone, 'hostedZoneArn'>;
  /** Of the cluster, home first. */
  readonly regions: readonly string[];
  /** The stack whose roles are granted something. */
  readonly scope: Stack;
}

export type RecordTable = Pick<ITable, 'tableName' | 'tableArn'>;

/** What the home region has, as the stacks of other regions and of what connects them name it. */
export function resourcesAtHome(scope: Stack, cluster: string, regions: TwoRegions): Resources {
  const [{ region: home }] = regions;
  const name = tableName(cluster);
  const tableArn = scope.formatArn({ service: 'dynamodb', region: home, resource: 'table', resourceName: name });
  return {
    cluster,
    table: { tableName: name, tableArn },
    bucket: Bucket.fromBucketName(scope, 'HomeBucket', bucketName(cluster, home, scope)),
    regions: regions.map(({ region }) => region),
    scope,
  };
}

export interface Grant {
  readonly statements: readonly PolicyStatement[];
  readonly wildcards: readonly AcceptedWildcard[];
}

/** What a task's permission grants. */
export function grantOf(permission: Permission, resources: Resources): Grant {
  switch (permission) {
    case 'readRecord':
      return { statements: [ownItems(resources, 'dynamodb:GetItem')], wildcards: [] };
    case 'writeRecord':
      return { statements: [ownItems(resources, 'dynamodb:PutItem')], wildcards: [] };
    case 'updateRecord':
      return { statements: [ownItems(resources, 'dynamodb:UpdateItem')], wildcards: [] };
    case 'describeGroup':
      return onAnything("Auto Scaling's Describe calls know no resources.", 'autoscaling:DescribeAutoScalingGroups');
    case 'describeInstances':
      return onAnything("EC2's Describe calls know no resources.", 'ec2:DescribeInstances');
    case 'describeNetworks':
      return networksOf(resources);
    case 'sendCommand':
      return joined(
        toOwnInstances(resources),
        onAnything('Invocations have no ARN.', 'ssm:GetCommandInvocation'),
        // In which region an instance is, its group says.
        ...(resources.regions.length === 1 ? [] : [grantOf('describeGroup', resources)]),
      );
    case 'describeRotations':
      return ofMachine(resources, 'RotateInstances', 'states:DescribeExecution');
    case 'describeUpgrades':
      return ofMachine(resources, 'RollingUpgrade', 'states:DescribeExecution');
    case 'describeMigrations':
      return ofMachine(resources, 'MigrateToTls', 'states:DescribeExecution');
    case 'describeAuthorityRotations':
      return ofMachine(resources, 'RotateCertificateAuthority', 'states:DescribeExecution');
    case 'describeRegionChanges':
      return resources.regions.length === 1
        ? { statements: [], wildcards: [] }
        : ofMachine(resources, 'MultiregionMigration', 'states:DescribeExecution');
    case 'listReleases':
      return { statements: [listing(resources, 'releases/*')], wildcards: [] };
    case 'listBackups':
      return { statements: [listing(resources, 'backups/*')], wildcards: [] };
    case 'setCapacity':
      return ofGroups(resources, resources.regions, 'autoscaling:SetDesiredCapacity');
    case 'setCapacityOfSecond':
      return ofGroups(resources, resources.regions.slice(1), 'autoscaling:SetDesiredCapacity');
    case 'terminateInstances':
      return ofGroups(resources, resources.regions, 'autoscaling:TerminateInstanceInAutoScalingGroup');
    case 'terminateInstancesOfSecond':
      return ofGroups(resources, resources.regions.slice(1), 'autoscaling:TerminateInstanceInAutoScalingGroup');
    case 'suspendProcesses':
      return ofGroups(resources, resources.regions, 'autoscaling:SuspendProcesses');
    case 'resumeProcesses':
      return ofGroups(resources, resources.regions, 'autoscaling:ResumeProcesses');
  }
}

/** What lies between the members of two regions, in both of them. */
function networksOf({ hostedZone }: Resources): Grant {
  if (hostedZone === undefined) throw new Error('what lies between regions is looked at from the home region alone');
  return joined(
    onAnything(
      "EC2's Describe calls know no resources.",
      'ec2:DescribeVpcs',
      'ec2:DescribeSubnets',
      'ec2:DescribeRouteTables',
      'ec2:DescribeVpcPeeringConnections',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeLaunchTemplateVersions',
      'ec2:DescribeInstances',
    ),
    {
      statements: [new PolicyStatement({ actions: ['route53:GetHostedZone'], resources: [hostedZone.hostedZoneArn] })],
      wildcards: [],
    },
  );
}

/** Executions of one of the cluster's state machines. */
function ofMachine({ cluster, scope }: Resources, machine: string, ...actions: string[]): Grant {
  const executions = scope.formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${machineName(cluster, machine)}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return {
    statements: [new PolicyStatement({ actions, resources: [executions] })],
    wildcards: [
      {
        resource: new RegExp(
          `^Resource::arn:<AWS::Partition>:states:.*:execution:${machineName(cluster, machine)}:\\*$`,
        ),
        reason: 'The names of executions are not known at deployment.',
      },
    ],
  };
}

/** The cluster's groups: their name could be another's in this account, their tag as well. */
export function ofGroups({ cluster, scope }: Resources, regions: readonly string[], ...actions: string[]): Grant {
  const resources = regions.map((region) =>
    scope.formatArn({
      service: 'autoscaling',
      region,
      resource: 'autoScalingGroup',
      resourceName: `*:autoScalingGroupName/${groupName(cluster)}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  );
  const conditions = { StringEquals: { 'autoscaling:ResourceTag/etcd-appliance:cluster': cluster } };
  return {
    statements: [new PolicyStatement({ actions, resources, conditions })],
    wildcards: [
      {
        resource: /^Resource::arn:<AWS::Partition>:autoscaling:.*:autoScalingGroup:\*:autoScalingGroupName\/[\w-]+$/,
        reason: "Auto Scaling adds an id of its own to the group's ARN; name and tag are the cluster's.",
      },
    ],
  };
}

/** Names below this prefix of the cluster's bucket. */
function listing({ bucket }: Resources, prefix: string): PolicyStatement {
  const conditions = { StringLike: { 's3:prefix': prefix } };
  return new PolicyStatement({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn], conditions });
}

/** The items of this cluster and no other's. */
export function ownItems(
  { table, cluster }: Pick<Resources, 'table' | 'cluster'>,
  ...actions: string[]
): PolicyStatement {
  return itemsOf(cluster, table, ...actions);
}

/** The items of one partition. */
export function itemsOf(partition: string, { tableArn }: RecordTable, ...actions: string[]): PolicyStatement {
  const conditions = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [partition] } };
  return new PolicyStatement({ actions, resources: [tableArn], conditions });
}

function toOwnInstances({ cluster, regions, scope }: Resources): Grant {
  const inEach = (service: string, resource: string, resourceName: string) =>
    regions.map((region) => scope.formatArn({ service, region, resource, resourceName }));
  return {
    statements: [
      new PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: inEach('ssm', 'document', documentName(cluster)),
      }),
      new PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: inEach('ec2', 'instance', '*'),
        conditions: { StringEquals: { 'ssm:resourceTag/etcd-appliance:cluster': cluster } },
      }),
    ],
    wildcards: [
      {
        resource: /^Resource::arn:<AWS::Partition>:ec2:.*:instance\/\*$/,
        reason: "Instance ids are not known at deployment; a condition admits those with the cluster's tag.",
      },
    ],
  };
}

export function onAnything(reason: string, ...actions: string[]): Grant {
  return {
    statements: [new PolicyStatement({ actions, resources: ['*'] })],
    wildcards: [{ resource: /^Resource::\*$/, reason }],
  };
}

/** All of them as one. */
export function joined(...grants: readonly Grant[]): Grant {
  return {
    statements: grants.flatMap(({ statements }) => statements),
    wildcards: grants.flatMap(({ wildcards }) => wildcards),
  };
}
