/** Upgrades as an operator starts them, and what is looked at after one. */
import { connect } from 'node:net';
import { type HistoryEvent, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { expect } from '@jest/globals';
import { historyOf } from '../../infra/executions/follow.ts';
import { eventually, type TestCluster, type TestClusterOptions } from './cluster.ts';
import { createdCluster } from './created.ts';
import { lockOf } from './rotation.ts';

/** Seconds that a member may take: a broken one is given up after that. */
const memberHealthyTimeoutSeconds = 60;

/**
 * A cluster that was created with this etcd. Its home offers every release that can be made here.
 * @param more settings
 */
export async function createdWith(
  version: string,
  members: number,
  timeoutSeconds = memberHealthyTimeoutSeconds,
  more: Pick<TestClusterOptions, 'tls'> = {},
): Promise<TestCluster> {
  const settings = { memberHealthyTimeoutSeconds: timeoutSeconds };
  return createdCluster({ members, etcd: version, settings, ...more });
}

export async function startUpgrade({ states, outputs }: TestCluster, input: unknown): Promise<string> {
  const stateMachineArn = outputs.RollingUpgradeArn ?? '';
  const { executionArn } = await states.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return executionArn ?? '';
}

/** Starts one and waits for its end. */
export async function upgrade(
  cluster: TestCluster,
  input: unknown,
): Promise<Awaited<ReturnType<TestCluster['ended']>>> {
  return cluster.ended(await startUpgrade(cluster, input));
}

/** `X.Y.Z X.Y.0 starts/crashes` of each member. */
export async function runs(cluster: TestCluster): Promise<readonly string[]> {
  const members = await cluster.members();
  return members.map(({ status }) => `${status?.etcd.version} ${status?.member?.clusterVersion}`);
}

/** Every member runs it, reports its minor, is healthy and has not crashed; nobody holds the lock. */
export async function expectUpgraded(cluster: TestCluster, version: string, size: number): Promise<void> {
  const members = await cluster.members();
  expect(members).toHaveLength(size);
  expect(new Set(members.map(({ status }) => status?.member?.clusterId)).size).toBe(1);
  const clusterVersion = `${version.split('.').slice(0, 2).join('.')}.0`;
  for (const { status } of members) {
    expect(status?.etcd).toMatchObject({ version, crashes: 0 });
    expect(status?.health).toEqual({ verdict: 'healthy' });
    expect(status?.member?.clusterVersion).toBe(clusterVersion);
    expect(status?.member?.members).toHaveLength(size);
  }
  expect((await lockOf(cluster))?.holder).toBeUndefined();
}

/** How often each member's etcd has been started. */
export async function startsOf(cluster: TestCluster): Promise<ReadonlyMap<string, number>> {
  return new Map((await cluster.members()).map(({ instanceId, status }) => [instanceId, status?.etcd.starts ?? 0]));
}

/** How often since then. */
export async function startedSince(
  cluster: TestCluster,
  before: ReadonlyMap<string, number>,
): Promise<readonly number[]> {
  return [...(await startsOf(cluster))].map(([id, count]) => count - (before.get(id) ?? 0));
}

/** Names of the states that an execution has entered, and the executions that it has started. */
export async function statesEntered(cluster: TestCluster, executionArn: string): Promise<readonly string[]> {
  const events = await eventsOf(cluster, executionArn);
  return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
}

/** How often a task has timed out in an execution and those that it has started. */
export async function timeOutsOf(cluster: TestCluster, executionArn: string): Promise<number> {
  return (await eventsOf(cluster, executionArn)).filter(({ type }) => type === 'TaskTimedOut').length;
}

/** Its history, and after it those of the executions that it has started. */
async function eventsOf(cluster: TestCluster, executionArn: string): Promise<readonly HistoryEvent[]> {
  const events = await historyOf(cluster.states, executionArn);
  const nested = events.flatMap(({ taskSubmittedEventDetails }) => {
    const output = JSON.parse(taskSubmittedEventDetails?.output ?? '{}') as { ExecutionArn?: string };
    return output.ExecutionArn ?? [];
  });
  const inner = await Promise.all(nested.map((arn) => eventsOf(cluster, arn)));
  return [...events, ...inner.flat()];
}

/** Waits until there are three healthy members of three without the one that was lost. */
export async function threeHealthy(cluster: TestCluster, lost: string): Promise<void> {
  await eventually(
    'three healthy members',
    async () => {
      const now = (await cluster.members()).filter(({ instanceId }) => instanceId !== lost);
      const well = now.filter(({ status }) => status?.health.verdict === 'healthy');
      return well.length === 3 && well.every(({ status }) => status?.member?.members.length === 3);
    },
    120_000,
  );
}

/** Counts the etcd servers that listen, again and again: one that is busy or has no leader for a moment runs all the same. */
export function sampleRunning(cluster: TestCluster): { stop(): Promise<{ fewest: number; samples: number }> } {
  let stopped = false;
  let fewest = Number.POSITIVE_INFINITY;
  let samples = 0;
  const sampling = (async () => {
    while (!stopped && !cluster.closing.aborted) {
      const addresses = (await cluster.home.instances()).map(({ address }) => address);
      const running = (await Promise.all(addresses.map(listens))).filter(Boolean).length;
      fewest = Math.min(fewest, running);
      samples++;
      await new Promise((resolve) => setTimeout(resolve, 100));
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

/** Whether the peer port takes a connection: it is open from the start of etcd to its end. */
function listens(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 2380 });
    const answer = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
