/** What an operator does with the members' group through Auto Scaling's and EC2's API, and when it has come to rest. */
import {
  AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { EC2Client, RebootInstancesCommand } from '@aws-sdk/client-ec2';
import { eventually, type TestCluster } from './cluster.ts';

export type Member = Awaited<ReturnType<TestCluster['members']>>[number];

interface GroupBounds {
  readonly MinSize?: number;
  readonly MaxSize?: number;
  readonly DesiredCapacity?: number;
}

export async function describeGroup(cluster: TestCluster): Promise<AutoScalingGroup> {
  const { AutoScalingGroups } = await withGroups(cluster, (client) =>
    client.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName(cluster)] })),
  );
  const [group] = AutoScalingGroups ?? [];
  if (group === undefined) throw new Error(`there is no group ${groupName(cluster)}`);
  return group;
}

export async function updateGroup(cluster: TestCluster, bounds: GroupBounds): Promise<void> {
  await withGroups(cluster, (client) =>
    client.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: groupName(cluster), ...bounds })),
  );
}

/** Through the hook; the group launches another one at once. */
export async function terminate(cluster: TestCluster, ...instanceIds: readonly string[]): Promise<void> {
  await withGroups(cluster, (client) =>
    Promise.all(
      instanceIds.map((InstanceId) =>
        client.send(
          new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: false }),
        ),
      ),
    ),
  );
}

export async function rebootInstance({ home }: TestCluster, instanceId: string): Promise<void> {
  const client = new EC2Client({
    endpoint: home.endpoint,
    region: home.context.region,
    credentials: home.credentials,
  });
  await client.send(new RebootInstancesCommand({ InstanceIds: [instanceId] })).finally(() => client.destroy());
}

/** Resolves when EC2 has ended it. */
export function gone({ home }: TestCluster, instanceId: string, withinMs = 60_000): Promise<unknown> {
  return eventually(
    `${instanceId} is gone`,
    async () => (await home.instances()).every((one) => one.instanceId !== instanceId),
    withinMs,
  );
}

/**
 * Resolves when cluster and group agree: so many instances in service and none besides, each a healthy voter, and each
 * lists exactly these.
 */
export async function settled(cluster: TestCluster, size: number, withinMs = 90_000): Promise<readonly Member[]> {
  let why = 'nobody has looked yet';
  const wait = eventually(
    `${size} members that agree`,
    async () => {
      const found = await notSettled(cluster, size);
      if (typeof found !== 'string') return found;
      why = found;
      return null;
    },
    withinMs,
  );
  return wait.catch((error: Error) => {
    throw new Error(`${error.message}: ${why}`);
  });
}

async function notSettled(cluster: TestCluster, size: number): Promise<readonly Member[] | string> {
  const { Instances = [] } = await describeGroup(cluster);
  const states = Instances.map(({ InstanceId, LifecycleState }) => `${InstanceId} ${LifecycleState}`);
  if (states.length !== size || states.some((state) => !state.endsWith(' InService'))) return states.join(', ');
  const members = await cluster.members();
  const names = members.map(({ instanceId }) => instanceId).sort();
  if (names.length !== size) return `EC2 has ${names}`;
  for (const { instanceId, status } of members) {
    const { health, member, phase, reason } = status ?? {};
    if (health?.verdict !== 'healthy')
      return `${instanceId} is ${phase} (${reason}): ${health?.verdict} ${health?.reasons}`;
    const listed = member?.members.map(({ name, isLearner }) => `${name}${isLearner ? ' learner' : ''}`).sort();
    if (listed?.join() !== names.join()) return `${instanceId} lists ${listed}, the group has ${names}`;
  }
  return members;
}

async function withGroups<T>(cluster: TestCluster, work: (client: AutoScalingClient) => Promise<T>): Promise<T> {
  const { endpoint, credentials, context } = cluster.home;
  const client = new AutoScalingClient({ endpoint, region: context.region, credentials });
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
}

function groupName({ outputs }: TestCluster): string {
  return outputs.GroupName ?? '';
}
