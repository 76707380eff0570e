/** What each task and the instances may do; every wildcard with its reason. */
import type { Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { NagSuppressions } from 'cdk-nag';
import type { Permission } from '../tasks/catalogue.ts';

export interface Resources {
  readonly table: Table;
  readonly cluster: string;
  /** Name of the Run Command document. */
  readonly document: string;
  readonly scope: Stack;
}

/** The statements of a task's permission. */
export function statementsOf(
  permission: Permission,
  { table, cluster, document, scope }: Resources,
): PolicyStatement[] {
  const ownItems = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [cluster] } };
  switch (permission) {
    case 'readRecord':
      return [
        new PolicyStatement({ actions: ['dynamodb:GetItem'], resources: [table.tableArn], conditions: ownItems }),
      ];
    case 'writeRecord':
      return [
        new PolicyStatement({
          actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
          resources: [table.tableArn],
          conditions: ownItems,
        }),
      ];
    case 'describeGroup':
      // Auto Scaling's Describe calls know no resources.
      return [new PolicyStatement({ actions: ['autoscaling:DescribeAutoScalingGroups'], resources: ['*'] })];
    case 'describeInstances':
      // Nor do EC2's.
      return [new PolicyStatement({ actions: ['ec2:DescribeInstances'], resources: ['*'] })];
    case 'sendCommand':
      return [
        new PolicyStatement({
          actions: ['ssm:SendCommand'],
          resources: [scope.formatArn({ service: 'ssm', resource: 'document', resourceName: document })],
        }),
        new PolicyStatement({
          actions: ['ssm:SendCommand'],
          // Instance ids are not known at deployment: the cluster's tag tells them.
          resources: [scope.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' })],
          conditions: { StringEquals: { 'ssm:resourceTag/etcd-appliance:cluster': cluster } },
        }),
        // Invocations have no ARN.
        new PolicyStatement({ actions: ['ssm:GetCommandInvocation'], resources: ['*'] }),
      ];
  }
}

/** What the agent calls: its cluster's items, task tokens, the bucket's agent and releases. */
export function grantToAgents(role: Role, { table, cluster }: Resources, bucket: Bucket): void {
  const ownItems = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [cluster] } };
  role.addToPolicy(
    new PolicyStatement({
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      resources: [table.tableArn],
      conditions: ownItems,
    }),
  );
  // A task token is the permission: these calls know no resources.
  role.addToPolicy(
    new PolicyStatement({
      actions: ['states:SendTaskSuccess', 'states:SendTaskFailure', 'states:SendTaskHeartbeat'],
      resources: ['*'],
    }),
  );
  role.addToPolicy(
    new PolicyStatement({
      actions: ['s3:GetObject'],
      resources: [bucket.arnForObjects('agent/*'), bucket.arnForObjects('releases/*')],
    }),
  );
  // Only now: suppressions reach the children that are there, and the first statement makes the policy.
  NagSuppressions.addResourceSuppressions(
    role,
    [{ id: 'AwsSolutions-IAM5', reason: 'Each wildcard is beside its statement, with its reason.' }],
    true,
  );
}
