/** Rotations of a test's cluster: started, stopped, and what they leave behind. */
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { LockRecord, RotationRecord, TimingRecord } from '#etcd/record.ts';
import { historyOf } from '../../infra/executions/follow.ts';
import { eventually, type TestCluster } from './cluster.ts';

export async function rotate({ states, outputs }: TestCluster, input: unknown): Promise<string> {
  const stateMachineArn = outputs.RotateInstancesArn ?? '';
  const { executionArn } = await states.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return executionArn ?? '';
}

export interface SeenGroup {
  readonly desired: number;
  readonly suspended: readonly string[];
  /** Ids of those that stay, sorted. */
  readonly instances: readonly string[];
}

export async function groupOf({ home }: TestCluster): Promise<SeenGroup> {
  const client = new AutoScalingClient(callers(home));
  const { AutoScalingGroups } = await client.send(new DescribeAutoScalingGroupsCommand({}));
  client.destroy();
  const group = AutoScalingGroups?.[0];
  return {
    desired: group?.DesiredCapacity ?? -1,
    suspended: (group?.SuspendedProcesses ?? []).map(({ ProcessName }) => ProcessName ?? '').sort(),
    instances: (group?.Instances ?? [])
      .filter(({ LifecycleState }) => !LifecycleState?.startsWith('Terminating'))
      .map(({ InstanceId }) => InstanceId ?? '')
      .sort(),
  };
}

export const lockOf = (cluster: TestCluster) => itemOf<LockRecord>(cluster, 'lock');
export const timingOf = (cluster: TestCluster) => itemOf<TimingRecord>(cluster, 'timing');
/** How many members may be down at once in a change of regions: they restart, one by one, where a busy machine measures a long round trip. */
export const missingForTiming = async (cluster: TestCluster) =>
  ((await timingOf(cluster))?.heartbeatIntervalMs ?? 100) > 100 ? 1 : 0;
export const rotationOf = (cluster: TestCluster) => itemOf<RotationRecord>(cluster, 'rotation');

async function itemOf<Item>({ home, outputs }: TestCluster, item: string): Promise<Item | null> {
  const client = new DynamoDBClient(callers(home));
  const Key = { cluster: { S: outputs.ClusterName ?? '' }, item: { S: item } };
  const { Item } = await client.send(
    new GetItemCommand({ TableName: outputs.TableName ?? '', Key, ConsistentRead: true }),
  );
  client.destroy();
  return Item === undefined ? null : (unmarshall(Item) as Item);
}

/** Resolves once the execution has entered the state. */
export async function entered(cluster: TestCluster, executionArn: string, state: string): Promise<void> {
  await eventually(
    `${state} is entered`,
    async () =>
      (await historyOf(cluster.states, executionArn)).some((event) => event.stateEnteredEventDetails?.name === state),
    90_000,
  );
}

export interface Sampling {
  /** The fewest healthy voters that were seen at once, once it is stopped. */
  stop(): Promise<{ fewest: number; samples: number }>;
}

/** Counts healthy voters again and again: members that answer as healthy, one that hangs for a moment counts as missing. */
export function sampleVoters(cluster: TestCluster): Sampling {
  let stopped = false;
  let fewest = Number.POSITIVE_INFINITY;
  let samples = 0;
  const sampling = (async () => {
    while (!stopped && !cluster.closing.aborted) {
      const members = await cluster.members();
      const voters = members.filter(({ status }) => status?.health.verdict === 'healthy' && status.phase === 'running');
      fewest = Math.min(fewest, voters.length);
      samples++;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await sampling;
      return { fewest, samples };
    },
  };
}

function callers({ endpoint, credentials, context }: TestCluster['home']) {
  return { endpoint, credentials, region: context.region };
}
