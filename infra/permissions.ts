/** What each task and the instances may do; every wildcard with its reason, which is also what cdk-nag is told. */
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Permission } from '../tasks/catalogue.ts';
import { type AcceptedWildcard, acceptWildcards } from './wildcards.ts';

export interface Resources {
  readonly table: Table;
  readonly bucket: Bucket;
  readonly cluster: string;
  /** Name of the Run Command document. */
  readonly document: string;
  readonly scope: Stack;
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
      return { statements: [ownItems(resources, 'dynamodb:PutItem', 'dynamodb:UpdateItem')], wildcards: [] };
    case 'describeGroup':
      return onAnything("Auto Scaling's Describe calls know no resources.", 'autoscaling:DescribeAutoScalingGroups');
    case 'describeInstances':
      return onAnything("EC2's Describe calls know no resources.", 'ec2:DescribeInstances');
    case 'sendCommand':
      return joined(toOwnInstances(resources), onAnything('Invocations have no ARN.', 'ssm:GetCommandInvocation'));
    case 'describeOperations':
      return joined(
        ...['RotateInstances', 'RollingUpgrade'].map((machine) =>
          ofMachine(resources, machine, 'states:DescribeExecution'),
        ),
      );
    case 'listReleases':
      return { statements: [listing(resources, 'releases/*')], wildcards: [] };
    case 'setCapacity':
      return ofOwnGroup(resources, 'autoscaling:SetDesiredCapacity');
    case 'terminateInstances':
      return ofOwnGroup(resources, 'autoscaling:TerminateInstanceInAutoScalingGroup');
    case 'suspendProcesses':
      return ofOwnGroup(resources, 'autoscaling:SuspendProcesses', 'autoscaling:ResumeProcesses');
  }
}

/** What the agent calls: its cluster's items, task tokens, the bucket's agent and releases, where backups go. */
export function grantToAgents(role: Role, resources: Resources): void {
  const { bucket } = resources;
  const tokens = onAnything(
    'A task token is the permission: these calls know no resources.',
    'states:SendTaskSuccess',
    'states:SendTaskFailure',
    'states:SendTaskHeartbeat',
  );
  const grant = joined(
    onAnything(
      "EC2's and Auto Scaling's Describe calls know no resources.",
      'ec2:DescribeInstances',
      'autoscaling:DescribeAutoScalingGroups',
    ),
    ofOwnGroup(resources, 'autoscaling:CompleteLifecycleAction', 'autoscaling:ResumeProcesses'),
    { statements: [ownItems(resources, 'dynamodb:GetItem', 'dynamodb:PutItem')], wildcards: [] },
    tokens,
    {
      statements: [
        new PolicyStatement({
          actions: ['s3:GetObject'],
          resources: [bucket.arnForObjects('agent/*'), bucket.arnForObjects('releases/*')],
        }),
        new PolicyStatement({ actions: ['s3:PutObject'], resources: [bucket.arnForObjects('backups/*')] }),
      ],
      wildcards: [
        ...['agent', 'releases'].map((folder) => ({
          resource: below(folder),
          reason: `Bundles and releases come and go under ${folder}/; instances read any of them.`,
        })),
        {
          resource: below('backups'),
          reason: 'A backup is named after its time and operation; instances write them and read none.',
        },
      ],
    },
  );
  for (const statement of grant.statements) role.addToPolicy(statement);
  acceptWildcards(role, grant.wildcards);
}

/** As cdk-nag names the objects of a folder of the bucket. */
function below(folder: string): RegExp {
  return new RegExp(`^Resource::<Bucket\\w+\\.Arn>/${folder}/\\*$`);
}

/** The name that `createMachine` gives it; written out, as the machine itself calls the tasks that ask about it. */
export function machineName(cluster: string, machine: string): string {
  return `etcd-${cluster}-${machine}`;
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

/** Groups that carry the cluster's tag: the name of the group is known only after its instances' role. */
function ofOwnGroup({ cluster, scope }: Resources, ...actions: string[]): Grant {
  const groups = scope.formatArn({
    service: 'autoscaling',
    resource: 'autoScalingGroup',
    resourceName: '*:autoScalingGroupName/*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const conditions = { StringEquals: { 'autoscaling:ResourceTag/etcd-appliance:cluster': cluster } };
  return {
    statements: [new PolicyStatement({ actions, resources: [groups], conditions })],
    wildcards: [
      {
        resource: /^Resource::arn:<AWS::Partition>:autoscaling:.*:autoScalingGroup:\*:autoScalingGroupName\/\*$/,
        reason: "A condition admits the groups with the cluster's tag.",
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
function ownItems({ table, cluster }: Resources, ...actions: string[]): PolicyStatement {
  const conditions = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [cluster] } };
  return new PolicyStatement({ actions, resources: [table.tableArn], conditions });
}

function toOwnInstances({ document, cluster, scope }: Resources): Grant {
  return {
    statements: [
      new PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: [scope.formatArn({ service: 'ssm', resource: 'document', resourceName: document })],
      }),
      new PolicyStatement({
        actions: ['ssm:SendCommand'],
        resources: [scope.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' })],
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

function onAnything(reason: string, ...actions: string[]): Grant {
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
