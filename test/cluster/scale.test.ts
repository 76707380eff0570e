/** The group is resized through its API: the cluster follows, one member at a time, and loses nothing. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { afterScenario } from './afterScenario.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';
import { settled, updateGroup } from './group.ts';
import { watchMembers } from './memberLists.ts';
import { lostAt, startTraffic } from './traffic.ts';

jest.setTimeout(240_000);

const etcd = '3.5.35';
let cluster: TestCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

test('3 members become 5 and 3 again, one at a time', async () => {
  cluster = await openTestCluster({ members: 3, etcd });
  await cluster.ended(cluster.firstExecution);
  const watch = await watchMembers(cluster, etcd);
  const traffic = startTraffic({ cluster, etcd });

  await updateGroup(cluster, { MinSize: 5, MaxSize: 6, DesiredCapacity: 5 });
  await settled(cluster, 5);
  await updateGroup(cluster, { MinSize: 3, MaxSize: 4, DesiredCapacity: 3 });
  const members = await afterScenario(cluster, watch, { size: 3 });

  const result = await traffic.stop();
  expect(result.failed).toEqual([]);
  for (const { address } of members) expect(await lostAt(address, etcd, result)).toEqual([]);
});

test('three newcomers at once join one after the other', async () => {
  cluster = await openTestCluster({ members: 3, etcd });
  await cluster.ended(cluster.firstExecution);
  const before = await cluster.members();
  const watch = await watchMembers(cluster, etcd);
  await updateGroup(cluster, { MaxSize: 7, DesiredCapacity: 6 });
  const members = await afterScenario(cluster, watch, { size: 6 });
  expect(members.slice(0, 3).map(({ instanceId }) => instanceId)).toEqual(before.map(({ instanceId }) => instanceId));
});
