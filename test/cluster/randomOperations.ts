/** What happens to a real cluster, by a seed; nothing is lost for good that the cluster could not have survived. */
import { quorum } from '#etcd/membership.ts';
import type { Disturbance } from '../../infra/local/wire/disturbanceRules.ts';
import type { DisturbanceHandle } from '../../infra/local/wire/disturbances.ts';
import { type Random, seeded } from '../simulation/random.ts';
import type { TestCluster } from './cluster.ts';
import { describeGroup, type Member, terminate, updateGroup } from './group.ts';
import { cutPower, type LastingFault, pause, wipe } from './instanceFaults.ts';

export interface RandomOperations {
  /** What was done, in words. */
  readonly done: readonly string[];
  next(): Promise<void>;
  pauseMs(): number;
  /** All that lasts ends. */
  end(): Promise<void>;
}

type Operation = (cluster: TestCluster, random: Random, lasting: Lasting) => Promise<string | null>;
type Lasting = (forMs: number, fault: LastingFault) => void;

const operations: readonly Operation[] = [
  killEtcd,
  killAgent,
  killAgent,
  hang,
  disturb,
  disturb,
  terminateOne,
  loseOne,
  wipeOne,
  grow,
  shrink,
];

export function operationsOf(cluster: TestCluster, seed: number): RandomOperations {
  const random = seeded(seed);
  const done: string[] = [];
  const open = new Set<LastingFault>();
  const lasting: Lasting = (forMs, fault) => {
    open.add(fault);
    setTimeout(() => fault.end(), forMs).unref();
  };
  return {
    done,
    async next() {
      const operation = random.pick(operations);
      done.push((await operation(cluster, random, lasting)) ?? `no ${operation.name}`);
    },
    pauseMs: () => random.between(200, 4_000),
    async end() {
      for (const fault of open) fault.end();
      cluster.home.services.disturbances.removeAll();
    },
  };
}

async function some(cluster: TestCluster, random: Random): Promise<Member> {
  return random.pick(await cluster.members());
}

/** One that the cluster can do without for good; null while there is none. */
async function spare(cluster: TestCluster, random: Random): Promise<Member | null> {
  const chosen = random.next();
  const members = await cluster.members();
  const { Instances = [] } = await describeGroup(cluster);
  const staying = Instances.filter(({ LifecycleState }) => LifecycleState === 'InService');
  const well = members.filter(
    ({ instanceId, status }) =>
      status?.health.verdict === 'healthy' && staying.some(({ InstanceId }) => InstanceId === instanceId),
  );
  const listed = Math.max(0, ...well.map(({ status }) => status?.member?.members.length ?? 0));
  // One more voter may just be coming.
  if (well.length - 1 < quorum(listed + 1)) return null;
  return well[Math.floor(chosen * well.length)] ?? null;
}

async function killEtcd(cluster: TestCluster, random: Random): Promise<string | null> {
  const { instanceId, status } = await some(cluster, random);
  if (!status?.etcd.pid) return null;
  signal(status.etcd.pid);
  return `etcd of ${instanceId} killed`;
}

async function killAgent(cluster: TestCluster, random: Random): Promise<string | null> {
  const { instanceId } = await some(cluster, random);
  const pid = cluster.home.services.ec2.machine(instanceId)?.agentPid();
  if (!pid) return null;
  signal(pid);
  return `agent of ${instanceId} killed`;
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function hang(cluster: TestCluster, random: Random, lasting: Lasting): Promise<string> {
  const { instanceId } = await some(cluster, random);
  const forMs = Math.round(random.between(1_000, 8_000));
  lasting(forMs, await pause(cluster.home, instanceId));
  return `${instanceId} hangs for ${forMs} ms`;
}

async function disturb(cluster: TestCluster, random: Random, lasting: Lasting): Promise<string> {
  const service = random.pick(['ec2', 'autoscaling', 'dynamodb']);
  const kinds = ['throttle', 'error', 'drop', ...(service === 'dynamodb' ? [] : ['partialPage', 'stale'])];
  const kind = random.pick(kinds);
  const [probability, forMs] = [random.pick([0.3, 0.7, 1]), Math.round(random.between(1_000, 8_000))];
  const seed = random.below(1_000);
  // Of instances alone: the test asks, too.
  const rule = { service, kind, probability, seed, caller: /\/i-/ } as Disturbance;
  const handle: DisturbanceHandle = cluster.home.services.disturbances.add(rule);
  lasting(forMs, { end: () => handle.remove() });
  return `${service}: ${kind} ${probability} for ${forMs} ms`;
}

async function terminateOne(cluster: TestCluster, random: Random): Promise<string | null> {
  const member = await spare(cluster, random);
  if (member === null) return null;
  await terminate(cluster, member.instanceId);
  return `${member.instanceId} terminated by the group`;
}

async function loseOne(cluster: TestCluster, random: Random): Promise<string | null> {
  const member = await spare(cluster, random);
  if (member === null) return null;
  await cutPower(cluster.home, member.instanceId);
  return `${member.instanceId} lost`;
}

async function wipeOne(cluster: TestCluster, random: Random): Promise<string | null> {
  const disks = random.pick(['data', 'data and state'] as const);
  const member = await spare(cluster, random);
  if (member === null) return null;
  await wipe(cluster.home, member.instanceId, disks);
  return `${disks} of ${member.instanceId} wiped`;
}

async function grow(cluster: TestCluster): Promise<string> {
  await updateGroup(cluster, { MinSize: 5, MaxSize: 6, DesiredCapacity: 5 });
  return '5 wanted';
}

/** The cluster must survive without the two that go, whatever they say when they leave. */
async function shrink(cluster: TestCluster): Promise<string | null> {
  const members = await cluster.members();
  const { DesiredCapacity = 0 } = await describeGroup(cluster);
  const well = members.filter(({ status }) => status?.health.verdict === 'healthy').length;
  if (DesiredCapacity !== 5 || members.length !== 5 || well !== 5) return null;
  await updateGroup(cluster, { MinSize: 3, MaxSize: 4, DesiredCapacity: 3 });
  return '3 wanted';
}
