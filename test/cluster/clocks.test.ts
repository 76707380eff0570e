/** Clocks that are set by an hour, ahead and back, on those that lead, leave and join: nobody goes by them. */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { afterScenario, auditTrail } from './afterScenario.ts';
import { giveClock, type InstanceClock } from './clocks.ts';
import { eventually, openTestCluster, statusOf, type TestCluster } from './cluster.ts';
import { gone, type Member, settled, terminate } from './group.ts';
import { watchMembers } from './memberLists.ts';
import { lostAt, startTraffic } from './traffic.ts';

jest.setTimeout(240_000);

const etcd = '3.5.35';
const hourMs = 3_600_000;
let cluster: TestCluster;
/** By instance id. */
const clocks = new Map<string, InstanceClock>();
const clockOf = ({ instanceId }: Member) => clocks.get(instanceId) as InstanceClock;

beforeAll(async () => {
  cluster = await openTestCluster({ members: 3, etcd });
  await cluster.ended(cluster.firstExecution);
  for (const { instanceId } of await settled(cluster, 3)) clocks.set(instanceId, await giveClock(cluster, instanceId));
  await settled(cluster, 3);
});
afterAll(() => cluster?.close());

function byRole(members: readonly Member[]): readonly [leader: Member, first: Member, second: Member] {
  const leader = members.find(({ status }) => status?.member?.isLeader);
  const [first, second] = members.filter((member) => member !== leader);
  if (leader === undefined || first === undefined || second === undefined) throw new Error('nobody leads');
  return [leader, first, second];
}

/** Whose turn it is to change the membership. */
async function holder(): Promise<string | undefined> {
  const { endpoint, credentials, context } = cluster.home;
  const client = new DynamoDBClient({ endpoint, region: context.region, credentials });
  const Key = { cluster: { S: cluster.outputs.ClusterName ?? '' }, item: { S: 'membership' } };
  const { Item } = await client
    .send(new GetItemCommand({ TableName: cluster.outputs.TableName, Key, ConsistentRead: true }))
    .finally(() => client.destroy());
  return Item?.holder?.S;
}

/** The instance that is none of these; its agent runs with a clock of its own from here on. */
async function newcomerWithClock(known: readonly Member[]): Promise<InstanceClock> {
  const { instanceId } = await eventually('a newcomer whose agent runs', async () => {
    const found = (await cluster.home.instances()).find((one) =>
      known.every((other) => other.instanceId !== one.instanceId),
    );
    return found !== undefined && (await statusOf(found.address)) !== null ? found : null;
  });
  const clock = await giveClock(cluster, instanceId);
  clocks.set(instanceId, clock);
  return clock;
}

/** No turn ended without a word, and every agent has told the true time. */
async function trailIsTrue(since: number): Promise<void> {
  const trail = (await auditTrail(cluster)).slice(since);
  expect(trail.filter(({ what }) => what.startsWith('outcome unknown'))).toEqual([]);
  for (const { at, what } of trail)
    expect([what, Math.abs(Date.parse(at) - Date.now()) < hourMs / 2]).toEqual([what, true]);
}

test.each([
  ['an hour ahead where the leader is, an hour back elsewhere', 1],
  ['an hour back where the leader is, an hour ahead elsewhere', -1],
])('a member is replaced while clocks are %s, and its own is set in its turn', async (_, sign) => {
  const before = await settled(cluster, 3);
  const [leader, leaving, other] = byRole(before);
  const watch = await watchMembers(cluster, etcd);
  const since = (await auditTrail(cluster)).length;
  const traffic = startTraffic({ cluster, etcd });
  clockOf(leader).set(sign * hourMs);
  clockOf(other).set(-sign * hourMs);
  // One that starts with a wrong clock does not know that it was set.
  await clockOf(other).restartAgent();
  const slow = cluster.home.services.disturbances.add({
    ...{ kind: 'delay', service: 'dynamodb', operation: 'PutItem' },
    ...{ caller: new RegExp(`/${leaving.instanceId}$`), delayMs: 1_000 },
  });

  await terminate(cluster, leaving.instanceId);
  await eventually('its turn', async () => (await holder()) === leaving.instanceId);
  clockOf(leaving).set(sign * hourMs);
  const newcomer = await newcomerWithClock(before);
  newcomer.set(-sign * hourMs);
  await gone(cluster, leaving.instanceId);
  clocks.delete(leaving.instanceId);
  slow.remove();

  const members = await afterScenario(cluster, watch, { size: 3 });
  await trailIsTrue(since);
  const result = await traffic.stop();
  expect(result.failed).toEqual([]);
  for (const { address } of members) expect(await lostAt(address, etcd, result)).toEqual([]);
  for (const clock of clocks.values()) clock.set(0);
});
