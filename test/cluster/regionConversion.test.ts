/** A cluster that was deployed in one region is deployed with two, moves there and back, and is one of one region again. `TESTS=all`. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { deployCluster, prepareCluster, setRoundTrip } from '../../infra/local/start/deploy.ts';
import { type TestCluster, testRegions } from './cluster.ts';
import { createdCluster } from './created.ts';
import { followDns } from './dns.ts';
import { expectPlaced } from './multiregion.ts';
import { changeRegions, gatheredAtHome, spread } from './regionMembers.ts';
import { startRegisters } from './registers.ts';
import { missingForTiming, sampleVoters } from './rotation.ts';

jest.setTimeout(600_000);

const all = process.env.TESTS === 'all';
const etcd = '3.5.35';
const [home, away] = testRegions;
const stacks = { home: 'etcd-etcd', other: `etcd-etcd-${away}`, peering: 'etcd-etcd-peering' } as const;
const common = { recordTtlSeconds: 1, tls: true };

(all ? describe : describe.skip)('a cluster of one region', () => {
  let cluster: TestCluster;
  let missing = 0;
  let registers: ReturnType<typeof startRegisters>;
  let sampling: ReturnType<typeof sampleVoters>;
  let followed: Awaited<ReturnType<typeof followDns>>;
  beforeAll(async () => {
    cluster = await createdCluster({ members: 3, etcd, links: true, tls: true });
    followed = await followDns(cluster);
    registers = startRegisters({ cluster, etcd, addresses: followed.addresses });
    sampling = sampleVoters(cluster);
  });
  afterAll(() => cluster?.close());

  const ids = async () => (await cluster.members()).map(({ instanceId }) => instanceId).sort();
  async function deploy(settings: Readonly<Record<string, unknown>>): Promise<void> {
    const outputs = await deployCluster(cluster.home, await prepareCluster({ etcd }, { ...common, ...settings }));
    cluster = { ...cluster, outputs };
  }

  test('is deployed with a second one: nobody is replaced, restarted or moved', async () => {
    const before = await ids();
    await setRoundTrip(cluster.home, 25);
    await deploy({
      regions: [
        { region: home, members: 3 },
        { region: away, members: 0 },
      ],
    });
    expect(await ids()).toEqual(before);
    for (const { status } of await cluster.members()) expect(status?.etcd.starts).toBe(1);
    await expectPlaced(cluster, [3, 0]);
  });

  test('has a member there after MultiregionMigration, and keeps it when it is deployed as the report says', async () => {
    const end = await changeRegions(cluster, spread(2, 1));
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    await expectPlaced(cluster, [2, 1]);
    missing = await missingForTiming(cluster);
    const placed = await ids();
    await deploy({
      regions: [
        { region: home, members: 2 },
        { region: away, members: 1 },
      ],
    });
    await expectPlaced(cluster, [2, 1]);
    expect(await ids()).toEqual(placed);
  });

  test('is not deployed with one region while a member is in the second one', async () => {
    const placed = await ids();
    await expect(deploy({ members: 3 })).rejects.toThrow(`${away}, where it was deployed, has 1 instances`);
    await deploy({
      regions: [
        { region: home, members: 2 },
        { region: away, members: 1 },
      ],
    });
    await expectPlaced(cluster, [2, 1]);
    expect(await ids()).toEqual(placed);
  });

  test('is one of one region again once the second one is left, and its stacks are deleted', async () => {
    const end = await changeRegions(cluster, gatheredAtHome(3));
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    for (const stack of [stacks.other, stacks.peering]) {
      cluster.home.protectStack(stack, false);
      await cluster.home.destroyStack(stack);
    }
    await deploy({ members: 3 });
    await expectPlaced(cluster, [3, 0]);
  });

  test('took reads and writes all the time, and never had fewer than three voters', async () => {
    expect((await sampling.stop()).fewest).toBeGreaterThanOrEqual(3 - missing);
    followed.stop();
    const { conflicts, counts } = await registers.stop(await cluster.members());
    expect(conflicts).toEqual([]);
    expect((counts.unknown + counts.failed) / counts.ok).toBeLessThan(missing > 0 ? 0.1 : 0.02);
  });
});
