/** A cluster for one test: its own folder, its own loopback addresses, the product as it is deployed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Description } from '../../agent/protocol.ts';
import { followExecution } from '../../infra/executions/follow.ts';
import type { Instance } from '../../infra/local/ec2/instance.ts';
import { type Home, openHome } from '../../infra/local/home.ts';
import { deployCluster, prepareCluster } from '../../infra/local/start/deploy.ts';

export interface TestCluster {
  readonly home: Home;
  readonly folder: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly states: SFNClient;
  /** The execution that the deployment started. */
  readonly firstExecution: string;
  run(input: unknown, name?: string): Promise<string>;
  /** Waits for the end; the names of the states entered come with it. */
  ended(
    executionArn: string,
  ): Promise<{ status: string; error?: string; cause?: string; output?: string; path: string[] }>;
  members(): Promise<{ instanceId: string; address: string; status: Description | null }[]>;
  /** Aborted when it is closed: what a test has going in the background ends then. */
  readonly closing: AbortSignal;
  close(): Promise<void>;
}

export interface TestClusterOptions {
  readonly members: number;
  readonly etcd: string;
  /** Fields of `etcd-appliance` in cdk.json. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Called with the folder that is the instance's file system. Where it throws, the instance never boots. */
  readonly beforeBoot?: (instance: Instance, root: string) => void | Promise<void>;
}

export async function openTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-'));
  // A member that leaves waits until the records that name it have lived their time.
  const settings = { recordTtlSeconds: 1, ...options.settings };
  const prepared = await prepareCluster({ members: options.members, etcd: options.etcd }, settings);
  const { beforeBoot } = options;
  const home = await openHome({
    folder,
    ...(beforeBoot && {
      beforeBoot: (instance) => beforeBoot(instance, join(folder, 'instances', instance.instanceId)),
    }),
  });
  try {
    const outputs = await deployCluster(home, prepared);
    return testCluster(home, folder, outputs);
  } catch (error) {
    await home.close();
    throw error;
  }
}

/** Closes the home and opens it again on the same data, as Ctrl-C and the next `npm start` do. */
export async function reopen(cluster: TestCluster): Promise<TestCluster> {
  cluster.states.destroy();
  await cluster.home.close();
  return testCluster(await openHome({ folder: cluster.folder }), cluster.folder, cluster.outputs);
}

function testCluster(home: Home, folder: string, outputs: Readonly<Record<string, string>>): TestCluster {
  const states = new SFNClient({ endpoint: home.endpoint, credentials: home.credentials, region: home.context.region });
  const stateMachineArn = outputs.ClusterBootstrapArn ?? '';
  const closing = new AbortController();
  return {
    home,
    folder,
    outputs,
    states,
    firstExecution: outputs.FirstExecutionArn ?? '',
    async run(input, name) {
      const started = await states.send(
        new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input), ...(name && { name }) }),
      );
      return started.executionArn ?? '';
    },
    async ended(executionArn) {
      const path: string[] = [];
      const end = await followExecution(
        states,
        executionArn,
        (line) => path.push(line),
        () => nextChange(home),
      );
      const { output } = await states.send(new DescribeExecutionCommand({ executionArn }));
      return { ...end, ...(output !== undefined && { output }), path };
    },
    members: () => membersOf(home),
    closing: closing.signal,
    async close() {
      closing.abort();
      states.destroy();
      await home.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function nextChange(home: Home): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, 250);
    function done(): void {
      clearTimeout(timer);
      home.context.events.off('change', done);
      resolve();
    }
    home.context.events.once('change', done);
  });
}

async function membersOf(home: Home): ReturnType<TestCluster['members']> {
  const instances = await home.instances();
  return Promise.all(
    instances.map(async ({ instanceId, address }) => ({ instanceId, address, status: await statusOf(address) })),
  );
}

/** What the agent at this address says of itself; null where it does not answer. */
export async function statusOf(address: string): Promise<Description | null> {
  try {
    const answer = await fetch(`http://${address}:2378/status`, { signal: AbortSignal.timeout(2000) });
    return (await answer.json()) as Description;
  } catch {
    return null;
  }
}

/** Asks again and again until the answer is there; fails with what was last seen. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null | false | undefined>,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within ${withinMs} ms; last seen: ${last}`);
}
