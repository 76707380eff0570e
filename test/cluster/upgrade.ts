/** Upgrades as an operator starts them, and what is looked at after one. */
import { connect } from 'node:net';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { expect } from '@jest/globals';
import { openTestCluster, type TestCluster } from './cluster.ts';
import { lockOf } from './rotation.ts';

/** Seconds that a member may take: a broken one is given up after that. */
const memberHealthyTimeoutSeconds = 60;

/** A cluster that was created with this etcd. Its home offers every release that can be made here. */
export async function createdWith(
  version: string,
  members: number,
  timeoutSeconds = memberHealthyTimeoutSeconds,
): Promise<TestCluster> {
  const settings = { memberHealthyTimeoutSeconds: timeoutSeconds };
  const cluster = await openTestCluster({ members, etcd: version, settings });
  try {
    expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
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
