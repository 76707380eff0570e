/** A cluster for one test: its own folder, its own loopback addresses, the product as it is deployed. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { presentToEtcd } from '../../agent/machine/etcdHttp.ts';
import type { TlsIdentity } from '../../agent/machine/http.ts';
import type { Description } from '../../agent/protocol.ts';
import { followExecution } from '../../infra/executions/follow.ts';
import type { Instance } from '../../infra/local/ec2/instance.ts';
import { type Home, openHome } from '../../infra/local/home.ts';
import { deployCluster, localRegions, prepareCluster, setRoundTrip } from '../../infra/local/start/deploy.ts';
import { clientIdentity } from './clientIdentity.ts';

export interface TestCluster {
  readonly home: Home;
  readonly folder: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly states: SFNClient;
  /** What this process shows to etcd; null: plain HTTP, or a test has its own. */
  readonly identity: TlsIdentity | null;
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
  /** In one region, or at home and in the second region. */
  readonly members: number | readonly [home: number, other: number];
  readonly etcd: string;
  /**
   * Whether members speak TLS, and this process as a client with a certificate of its own. By default they do not, as most of
   * what tests are about is the same either way, and with TLS a bootstrap of three members and an upgrade take 13 % more CPU time
   * (16.3 s, not 14.4 s), of which the suite has little. One test of each kind has TLS.
   */
  readonly tls?: boolean;
  /** Fields of `etcd-appliance` in cdk.json. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Called with the folder that is the instance's file system. Where it throws, the instance never boots. */
  readonly beforeBoot?: (instance: Instance, root: string) => void | Promise<void>;
  /** What is deployed instead of what was synthesized: for what settings do not allow. */
  readonly revised?: (template: string) => string;
  /** As of openHome. */
  readonly links?: boolean;
  /** Between the two regions, milliseconds; half of it each way. */
  readonly roundTripMs?: number;
  /** Called before anything is deployed. */
  readonly opened?: (home: Home) => void;
}

export async function openTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-'));
  // A member that leaves waits until the records that name it have lived their time.
  const settings = { recordTtlSeconds: 1, tls: options.tls ?? false, ...membersOf(options), ...options.settings };
  const prepared = await prepareCluster({ etcd: options.etcd }, settings);
  const { beforeBoot } = options;
  const home = await openHome({
    folder,
    links: options.links ?? typeof options.members !== 'number',
    ...(beforeBoot && {
      beforeBoot: (instance) => beforeBoot(instance, join(folder, 'instances', instance.instanceId)),
    }),
  });
  options.opened?.(home);
  try {
    if (typeof options.members !== 'number') await setRoundTrip(home, options.roundTripMs ?? 0);
    const { revised } = options;
    const assembly = revised === undefined ? prepared.assembly : revisedCopy(prepared.assembly, folder, revised);
    const outputs = await deployCluster(home, { ...prepared, assembly });
    const identity = options.tls ? await clientIdentity({ home, outputs }) : null;
    presentToEtcd(identity);
    return testCluster(home, folder, outputs, identity);
  } catch (error) {
    await home.close();
    throw error;
  }
}

/** The home region of two, as the local home calls its first one, and the other one. */
export const testRegions = localRegions;

function membersOf({ members }: TestClusterOptions): Readonly<Record<string, unknown>> {
  if (typeof members === 'number') return { members };
  return { regions: testRegions.map((region, index) => ({ region, members: members[index] })) };
}

function revisedCopy(assembly: string, folder: string, revised: (template: string) => string): string {
  const copy = join(folder, 'assembly');
  cpSync(assembly, copy, { recursive: true });
  for (const name of readdirSync(copy).filter((file) => file.endsWith('.template.json')))
    writeFileSync(join(copy, name), revised(readFileSync(join(copy, name), 'utf8')));
  return copy;
}

/** Closes the home and opens it again on the same data, as Ctrl-C and the next `npm start` do. */
export async function reopen(cluster: TestCluster): Promise<TestCluster> {
  cluster.states.destroy();
  await cluster.home.close();
  const { folder, outputs, identity } = cluster;
  return testCluster(await openHome({ folder }), folder, outputs, identity);
}

function testCluster(
  home: Home,
  folder: string,
  outputs: Readonly<Record<string, string>>,
  identity: TlsIdentity | null,
): TestCluster {
  const states = new SFNClient({ endpoint: home.endpoint, credentials: home.credentials, region: home.context.region });
  const stateMachineArn = outputs.ClusterBootstrapArn ?? '';
  const closing = new AbortController();
  return {
    home,
    folder,
    outputs,
    states,
    identity,
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
    members: () => statusOfAll(home),
    closing: closing.signal,
    async close() {
      closing.abort();
      presentToEtcd(null);
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

async function statusOfAll(home: Home): ReturnType<TestCluster['members']> {
  const instances = (await Promise.all(home.regions().map((region) => region.instances()))).flat();
  return Promise.all(
    instances.map(async ({ instanceId, address }) => ({ instanceId, address, status: await statusOf(address) })),
  );
}

/** What the agent at this address says of itself; null where it does not answer. */
export async function statusOf(address: string): Promise<Description | null> {
  try {
    const answer = await fetch(`http://${address}:2378/status`, { signal: AbortSignal.timeout(5000) });
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
