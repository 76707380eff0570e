/** The state machines, with their logs and traces. */
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, QueryLanguage, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { TaskName } from '../tasks/catalogue.ts';
import { clusterBootstrap, longestSeconds } from '../workflows/clusterBootstrap.ts';
import type { Settings } from './settings.ts';
import { acceptWildcards } from './wildcards.ts';

export function createClusterBootstrap(
  scope: Construct,
  settings: Settings,
  functions: Record<TaskName, IFunction>,
): StateMachine {
  const { instancesInServiceTimeoutSeconds, memberHealthyTimeoutSeconds } = settings;
  const logs = new LogGroup(scope, 'ClusterBootstrapLogs', {
    // Names that begin so need no resource policy of their own, of which an account has few.
    logGroupName: `/aws/vendedlogs/states/${Stack.of(scope).stackName}-ClusterBootstrap`,
    retention: RetentionDays.ONE_YEAR,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const machine = new StateMachine(scope, 'ClusterBootstrap', {
    // What an operator looks for in the console's list.
    stateMachineName: `etcd-${settings.cluster}-ClusterBootstrap`,
    definitionBody: DefinitionBody.fromChainable(clusterBootstrap({ scope, functions }, settings)),
    queryLanguage: QueryLanguage.JSON_PATH,
    comment: 'From a group of empty instances to a cluster that is recorded as created',
    timeout: Duration.seconds(longestSeconds(instancesInServiceTimeoutSeconds, memberHealthyTimeoutSeconds)),
    tracingEnabled: true,
    logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: true },
  });
  acceptWildcards(machine, [
    { resource: /^Resource::\*$/, reason: 'X-Ray and log delivery know no resources.' },
    { resource: /^Resource::<\w+\.Arn>:\*$/, reason: 'To invoke a task includes its versions.' },
  ]);
  return machine;
}
