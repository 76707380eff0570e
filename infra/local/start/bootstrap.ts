/** Runs ClusterBootstrap through the Step Functions API, or follows the execution that the deployment started. */

import { once } from 'node:events';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { clientUrl } from '#etcd/addresses.ts';
import { Fault } from '#etcd/faults.ts';
import type { BootstrapRecord, TransportRecord } from '#etcd/record.ts';
import { clusterTransport, type Transport } from '#etcd/transport.ts';
import { followExecution } from '../../executions/follow.ts';
import type { Home } from '../home.ts';

export interface Bootstrapped {
  readonly stateMachineArn: string;
  readonly transport: Transport;
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
  const table = new DynamoDBClient(client);
  const transport = await transportOf(table, output(outputs, 'TableName'), cluster).finally(() => table.destroy());
  return { stateMachineArn, transport, members: await membersOf(home, transport) };
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

/** Those that are there now: the bootstrap record names the first ones for ever. */
async function membersOf(home: Home, transport: Transport): Promise<Bootstrapped['members']> {
  const instances = (await Promise.all(home.regions().map((region) => region.instances()))).flat();
  const running = instances.filter(({ state }) => state === 'running');
  return running.map(({ instanceId, address }) => ({
    name: instanceId,
    clientUrl: clientUrl(address, transport === 'tls'),
  }));
}

/** As clients are to speak to the members. @throws Fault `RecordConflict` where the cluster's record has none */
async function transportOf(table: DynamoDBClient, TableName: string, cluster: string): Promise<Transport> {
  const read = async (item: string) => {
    const Key = marshall({ cluster, item });
    const { Item } = await table.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    return Item === undefined ? null : unmarshall(Item);
  };
  const [bootstrap, record] = await Promise.all([read('bootstrap'), read('transport')]);
  if (bootstrap === null) throw new Fault('RecordConflict', `the cluster ${cluster} has no bootstrap record`);
  return clusterTransport(bootstrap as BootstrapRecord, record as TransportRecord | null).settled;
}
