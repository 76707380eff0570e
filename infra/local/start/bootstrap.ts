/** Runs ClusterBootstrap through the Step Functions API, or follows the execution that the deployment started. */

import { once } from 'node:events';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Fault } from '#etcd/faults.ts';
import { followExecution } from '../../executions/follow.ts';
import type { Home } from '../home.ts';

export interface Bootstrapped {
  readonly stateMachineArn: string;
  readonly members: readonly { readonly name: string; readonly clientUrl: string }[];
}

/**
 * Follows the newest execution while it runs, or starts one: on a cluster that is there it waits until the members are
 * healthy again and changes nothing.
 * @throws Error with the execution's fault and cause where it failed.
 */
export async function bootstrapCluster(
  home: Home,
  outputs: Readonly<Record<string, string>>,
  say: (...words: string[]) => void,
): Promise<Bootstrapped> {
  const { endpoint, credentials } = home;
  const client = { endpoint, credentials, region: home.context.region };
  const states = new SFNClient(client);
  const stateMachineArn = output(outputs, 'ClusterBootstrapArn');
  const cluster = output(outputs, 'ClusterName');
  const executionArn =
    (await runningExecution(states, stateMachineArn)) ?? (await startExecution(states, stateMachineArn, cluster));
  const ended = await followExecution(states, executionArn, say, () => nextChange(home));
  states.destroy();
  if (ended.status !== 'SUCCEEDED') {
    throw new Error(`ClusterBootstrap ended ${ended.status}: ${ended.error ?? ''}: ${ended.cause ?? ''}`);
  }
  return {
    stateMachineArn,
    members: await membersOf(new DynamoDBClient(client), output(outputs, 'TableName'), cluster),
  };
}

function output(outputs: Readonly<Record<string, string>>, name: string): string {
  const value = outputs[name];
  if (value === undefined)
    throw new Error(`the stack has no output ${name}; it has ${Object.keys(outputs).join(', ')}`);
  return value;
}

async function runningExecution(states: SFNClient, stateMachineArn: string): Promise<string | undefined> {
  const running = await states.send(
    new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 }),
  );
  return running.executions?.[0]?.executionArn;
}

async function startExecution(states: SFNClient, stateMachineArn: string, cluster: string): Promise<string> {
  const input = JSON.stringify({ cluster });
  const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn, input }));
  if (executionArn === undefined) throw new Error('StartExecution answered without an execution ARN');
  return executionArn;
}

/** The next change of an execution, or half a second: an event may have come between two looks. */
async function nextChange(home: Home): Promise<void> {
  await once(home.context.events, 'change', { signal: AbortSignal.timeout(500) }).catch(() => undefined);
}

async function membersOf(table: DynamoDBClient, TableName: string, cluster: string): Promise<Bootstrapped['members']> {
  const Key = { cluster: { S: cluster }, item: { S: 'bootstrap' } };
  const { Item } = await table.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  table.destroy();
  const members = Item?.members?.L ?? [];
  if (members.length === 0)
    throw new Fault('RecordConflict', `the bootstrap record of cluster ${cluster} lists no members`);
  return members.map((member) => ({ name: member.M?.name?.S ?? '', clientUrl: member.M?.clientUrl?.S ?? '' }));
}
