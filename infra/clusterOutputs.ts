/** What the home region's stack tells the operator, and the commands of this project. */
import { type CfnCustomResource, CfnOutput, type Stack } from 'aws-cdk-lib';
import type { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Network } from './network.ts';

export interface ClusterParts {
  readonly cluster: string;
  readonly machines: Readonly<
    Record<'machine' | 'rotation' | 'upgrade' | 'migration' | 'authority', Pick<StateMachine, 'stateMachineArn'>>
  > & { readonly regionChange?: Pick<StateMachine, 'stateMachineArn'> };
  readonly group: AutoScalingGroup;
  readonly table: Table;
  readonly bucket: Bucket;
  readonly document: CfnDocument;
  readonly signer: IFunction;
  readonly network: Network;
  readonly hostedZone: IHostedZone;
}

export function tellOf(stack: Stack, parts: ClusterParts): void {
  const { cluster, machines, group, table, bucket, document, signer, network, hostedZone } = parts;
  const { machine, rotation, upgrade, migration, authority } = machines;
  const states = `${consoleOf(stack, 'states')}/statemachines/view/${machine.stateMachineArn}`;
  const dashboard = `${consoleOf(stack, 'cloudwatch')}dashboards/dashboard/etcd-${cluster}`;
  const rows: readonly (readonly [string, string, string])[] = [
    ['ClusterName', cluster, 'Name of the cluster'],
    ['ClusterBootstrapConsole', states, 'The state machine in the console'],
    ['ClusterBootstrapArn', machine.stateMachineArn, 'ARN of the state machine'],
    ['RotateInstancesArn', rotation.stateMachineArn, 'ARN of the state machine that replaces the instances'],
    ['RollingUpgradeArn', upgrade.stateMachineArn, 'ARN of the state machine that upgrades etcd'],
    ['MigrateToTlsArn', migration.stateMachineArn, 'ARN of the state machine that takes members to TLS'],
    [
      'RotateCertificateAuthorityArn',
      authority.stateMachineArn,
      'ARN of the state machine that replaces the certificate authority',
    ],
    ...(machines.regionChange
      ? ([
          [
            'MultiregionMigrationArn',
            machines.regionChange.stateMachineArn,
            'ARN of the state machine that moves members between the regions',
          ],
        ] as const)
      : []),
    ['GroupName', group.autoScalingGroupName, 'Auto Scaling group of the members'],
    ['TableName', table.tableName, 'DynamoDB table with the cluster record'],
    ['BucketName', bucket.bucketName, 'S3 bucket with the agent and releases'],
    ['DocumentName', document.ref, 'Run Command document that reaches the agents'],
    ['CertificateSigner', signer.functionName, 'Function that signs certificates: npm run client-certificate'],
    ['HostedZoneName', hostedZone.zoneName, 'Private hosted zone of the cluster'],
    ['DashboardConsole', dashboard, 'Alarms, members, operations'],
    [
      'DiscoveryDomain',
      `${cluster}.${hostedZone.zoneName}`,
      'For clients that discover the members by SRV records: --discovery-srv',
    ],
    ['SecurityGroupId', network.securityGroup.securityGroupId, 'Security group of the members'],
  ];
  for (const [id, value, description] of rows) new CfnOutput(stack, id, { value, description });
}

/** @param first the custom resource that starts ClusterBootstrap */
export function tellOfFirstBootstrap(stack: Stack, first: CfnCustomResource): void {
  const execution = first.getAtt('ExecutionArn').toString();
  new CfnOutput(stack, 'WatchBootstrap', {
    value: `${consoleOf(stack, 'states')}/v2/executions/details/${execution}`,
    description: 'The execution that creates the cluster, in the console',
  });
  new CfnOutput(stack, 'FirstExecutionArn', { value: execution, description: 'ARN of that execution' });
}

function consoleOf({ region }: Stack, service: 'states' | 'cloudwatch'): string {
  return `https://${region}.console.aws.amazon.com/${service}/home?region=${region}#`;
}
