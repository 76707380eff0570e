/** Instances that the group terminates: each member hands over and leaves, the quorum stays, nothing written is lost. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { afterScenario, auditTrail } from './afterScenario.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';
import { followDns } from './dns.ts';
import { gone, type Member, settled, terminate } from './group.ts';
import { cutPower } from './instanceFaults.ts';
import { watchMembers } from './memberLists.ts';
import { type Registers, startRegisters } from './registers.ts';
import { startTraffic, type Traffic, type TrafficOptions } from './traffic.ts';

jest.setTimeout(240_000);

const etcd = '3.5.35';
let cluster: TestCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

interface Clients {
  /** Tries again elsewhere. */
  readonly traffic: Traffic;
  /** Does not, and remembers what came back. */
  readonly registers: Registers;
}

function startClients(options: TrafficOptions): Clients {
  return { traffic: startTraffic(options), registers: startRegisters({ ...options, everyMs: 20 }) };
}

/** Ends the clients: whoever tries again gets through, what came back has an order, every member has what was acknowledged. */
async function nothingLost({ traffic, registers }: Clients, members: readonly Member[]): Promise<void> {
  const { failed, acknowledged } = await traffic.stop();
  expect(failed).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(0);
  const { conflicts, counts } = await registers.stop(members);
  expect(conflicts).toEqual([]);
  expect(counts.ok).toBeGreaterThan(counts.unknown + counts.failed);
}

const leaderOf = (members: readonly Member[]) => {
  const leader = members.find(({ status }) => status?.member?.isLeader);
  if (leader === undefined) throw new Error('nobody leads');
  return leader;
};

test('two of five are terminated at once, the leader one of them, and another loses its power', async () => {
  cluster = await openTestCluster({ members: 5, etcd });
  await cluster.ended(cluster.firstExecution);
  const watch = await watchMembers(cluster, etcd);
  const before = await settled(cluster, 5);
  const clients = startClients({ cluster, etcd });
  const leader = leaderOf(before);
  const [second, third] = before.filter((member) => member !== leader);
  await terminate(cluster, leader.instanceId, second?.instanceId ?? '');
  await settled(cluster, 5);
  await cutPower(cluster.home, third?.instanceId ?? '');
  await nothingLost(clients, await afterScenario(cluster, watch, { size: 5 }));
});

test('all of three are terminated, one by one at the pace of the hook, and a client that knows the SRV name goes on', async () => {
  cluster = await openTestCluster({ members: 3, etcd });
  await cluster.ended(cluster.firstExecution);
  const watch = await watchMembers(cluster, etcd);
  const before = await settled(cluster, 3);
  const { addresses } = await followDns(cluster);
  const clients = startClients({ cluster, etcd, addresses });
  const leader = leaderOf(before);
  for (const { instanceId } of [leader, ...before.filter((member) => member !== leader)]) {
    await terminate(cluster, instanceId);
    await gone(cluster, instanceId);
  }
  const members = await afterScenario(cluster, watch, { size: 3 });
  await nothingLost(clients, members);
  const old = new Set(before.map(({ instanceId }) => instanceId));
  expect(members.filter(({ instanceId }) => old.has(instanceId))).toEqual([]);
  const left = (await auditTrail(cluster)).filter(({ why }) => why === 'Auto Scaling terminates its instance');
  expect(left.map(({ who }) => who).sort()).toEqual([...old].sort());
});
