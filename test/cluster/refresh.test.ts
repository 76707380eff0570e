/** The group replaces its instances by itself, with no state machine and no lock: Auto Scaling's instance refresh. */
import {
  AutoScalingClient,
  DescribeInstanceRefreshesCommand,
  type RefreshPreferences,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { afterScenario } from './afterScenario.ts';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';
import { followDns } from './dns.ts';
import { settled } from './group.ts';
import { watchMembers } from './memberLists.ts';
import { startRegisters } from './registers.ts';

jest.setTimeout(300_000);

const etcd = '3.5.35';
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openTestCluster({ members: 3, etcd });
  await cluster.ended(cluster.firstExecution);
});
afterAll(() => cluster.close());

/** Resolves once Auto Scaling says that it was successful. */
async function refreshed(Preferences?: RefreshPreferences): Promise<void> {
  const { endpoint, credentials, context } = cluster.home;
  const client = new AutoScalingClient({ endpoint, credentials, region: context.region });
  const AutoScalingGroupName = cluster.outputs.GroupName;
  try {
    await client.send(new StartInstanceRefreshCommand({ AutoScalingGroupName, Preferences }));
    await eventually(
      'the refresh is successful',
      async () => {
        const answer = await client.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName }));
        return answer.InstanceRefreshes?.[0]?.Status === 'Successful';
      },
      180_000,
    );
  } finally {
    client.destroy();
  }
}

const launchingFirst: [string, RefreshPreferences][] = [
  ['that launches first', { MinHealthyPercentage: 100, MaxHealthyPercentage: 110 }],
];

describe('an instance refresh', () => {
  test.each<[string, RefreshPreferences | undefined]>([
    ['with the defaults: an instance goes while its successor comes', undefined],
    ...(process.env.TESTS === 'all' ? launchingFirst : []),
  ])('%s; three new members are left, and clients have lost nothing', async (_what, preferences) => {
    const before = await settled(cluster, 3);
    const watch = await watchMembers(cluster, etcd);
    const { addresses, stop } = await followDns(cluster);
    const registers = startRegisters({ cluster, etcd, addresses });

    await refreshed(preferences);
    const members = await afterScenario(cluster, watch, { size: 3 });

    const { conflicts, counts } = await registers.stop(members);
    stop();
    expect(conflicts).toEqual([]);
    // It only knows the SRV name. On a busy machine the records lag behind the members: how far is no matter of right or wrong.
    expect(counts.ok).toBeGreaterThan(counts.unknown + counts.failed);
    const old = before.map(({ instanceId }) => instanceId);
    expect(members.filter(({ instanceId }) => old.includes(instanceId))).toEqual([]);
    const clusterId = before[0]?.status?.member?.clusterId;
    for (const { status } of members) expect(status?.member?.clusterId).toBe(clusterId);
  });
});
