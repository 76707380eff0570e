/** RollingUpgrade and RotateInstances of a cluster in two regions, under load. All of it is `TESTS=all`. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { startClients, underUpgrade } from './clients.ts';
import { openTestCluster, type TestCluster, testRegions } from './cluster.ts';
import { expectPlaced } from './multiregion.ts';
import { leadingRegion, membersByRegion } from './regionMembers.ts';
import { rotate } from './rotation.ts';
import { expectUpgraded, upgrade } from './upgrade.ts';

jest.setTimeout(900_000);

const all = process.env.TESTS === 'all';
let cluster: TestCluster;
afterEach(() => cluster?.close());

async function created(members: readonly [number, number], etcd: string, tls = false): Promise<void> {
  const settings = { memberHealthyTimeoutSeconds: 60 };
  cluster = await openTestCluster({ members, etcd, roundTripMs: 25, settings, tls });
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
}

/** How often in a row the leader was seen in the second region, at most. */
function watchLeader(everyMs: number): { stop(): Promise<number> } {
  let stopped = false;
  let [longest, row] = [0, 0];
  const watching = (async () => {
    while (!stopped && !cluster.closing.aborted) {
      row = (await leadingRegion(cluster)) === testRegions[1] ? row + 1 : 0;
      longest = Math.max(longest, row);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      return longest;
    },
  };
}

(all ? describe : describe.skip)('RollingUpgrade in two regions', () => {
  test.each<[readonly [number, number], string, string]>([
    [[2, 1], '3.5.35', '3.6.16'],
    [[4, 1], '3.5.35', '3.6.16'],
    [[4, 1], '2.3.8', '3.0.17'],
  ])('takes %j members from %s to %s while clients read and write, led from home', async (members, from, to) => {
    await created(members, from);
    const clients = await startClients(cluster, underUpgrade(from));
    const leader = watchLeader(1_000);
    const end = await upgrade(cluster, { to });
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    await clients.wereServed();
    // Before 3.3 the leadership cannot be moved. Otherwise it is away for 30 s at most until it is moved home, and for a look or two.
    if (!from.startsWith('2.')) expect(await leader.stop()).toBeLessThan(60);
    await expectUpgraded(cluster, to, members[0] + members[1]);
    await expectPlaced(cluster, members);
  });
});

(all ? test : test.skip)(
  'RotateInstances replaces the instances of both regions, those of home last, with TLS',
  async () => {
    await created([2, 1], '3.5.35', true);
    const before = (await membersByRegion(cluster)).map((members) => members.map(({ instanceId }) => instanceId));
    const end = await cluster.ended(await rotate(cluster, { reason: 'new image' }));
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    await expectPlaced(cluster, [2, 1]);
    const replaced = (JSON.parse(end.output ?? '{}') as { replaced: { old: string }[] }).replaced.map(({ old }) => old);
    expect(replaced[0]).toBe(before[1]?.[0]);
    expect([...replaced].sort()).toEqual(before.flat().sort());
  },
);
