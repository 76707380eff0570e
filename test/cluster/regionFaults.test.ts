/** A cluster in two regions, 80 ms apart, that is cut in two, and that loses a region, a zone, its leader's place. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import { eventually, openTestCluster, type TestCluster, testRegions } from './cluster.ts';
import { cutPower } from './instanceFaults.ts';
import { expectPlaced } from './multiregion.ts';
import { cutLink, eventuallyLedFromHome, membersByRegion } from './regionMembers.ts';
import { startRegisters } from './registers.ts';

jest.setTimeout(400_000);

const all = process.env.TESTS === 'all';
/** How long a link is cut: long enough for two looks at a silent member, 5 s apart, and for rounds of housekeeping. */
const cutMs = all ? 60_000 : 15_000;
const etcd = '3.5.35';
const [home, away] = testRegions;
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openTestCluster({ members: [3, 2], etcd, roundTripMs: 80 });
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
});
afterAll(() => cluster?.close());

const addressesIn = async (region: number) =>
  ((await membersByRegion(cluster))[region] ?? []).map(({ address }) => address);
const ids = async () => (await cluster.members()).map(({ instanceId }) => instanceId).sort();

async function accepts(address: string, key: string): Promise<void> {
  await eventually(
    `${key} at ${address}`,
    async () => {
      await write(address, etcd, key, key, 3_000);
      return true;
    },
    60_000,
  );
}

test('the leader comes home, and stays there', async () => {
  await eventuallyLedFromHome(cluster);
});

test('while the regions are cut off from each other the majority takes writes, the rest takes none, nobody is removed', async () => {
  const before = await ids();
  const [there = ''] = await addressesIn(1);
  const [here = ''] = await addressesIn(0);
  const registers = startRegisters({ cluster, etcd, addresses: () => [here] });
  await cutLink(cluster, true);
  await accepts(here, 'while-cut');
  await eventually('the minority has no leader', () =>
    write(there, etcd, 'refused', 'refused', 2_000).then(
      () => false,
      () => true,
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, cutMs));
  const leader = (await membersByRegion(cluster)).flat().find(({ member }) => member?.isLeader);
  expect(leader?.member?.members).toHaveLength(5);
  await cutLink(cluster, false);
  await expectPlaced(cluster, [3, 2]);
  expect(await ids()).toEqual(before);
  await eventually('it arrives there', async () => (await read(there, etcd, 'while-cut')) === 'while-cut');
  const { conflicts } = await registers.stop(await cluster.members());
  expect(conflicts).toEqual([]);
});

(all ? test : test.skip).each([
  ['home', 'the other region', home, away],
  ['the other region', 'home', away, home],
])(
  'what does not get from %s to %s for a minute costs nobody its place, and writes go on',
  async (_from, _to, from, to) => {
    const before = await ids();
    await cluster.home.links.set({ from, to, cut: true });
    const here = await addressesIn(0);
    const until = performance.now() + cutMs;
    for (let count = 0; performance.now() < until; count++)
      await eventually(
        'somebody at home takes a write',
        async () => {
          const key = `one-way-${from}-${count}`;
          const tried = await Promise.allSettled(here.map((address) => write(address, etcd, key, 'x', 3_000)));
          return tried.some(({ status }) => status === 'fulfilled');
        },
        60_000,
      );
    await cluster.home.links.set({ from, to, cut: false });
    await expectPlaced(cluster, [3, 2]);
    expect(await ids()).toEqual(before);
  },
);

(all ? test : test.skip)(
  'with the whole second region lost writes go on, and its successors join when it is back',
  async () => {
    const [here = ''] = await addressesIn(0);
    const gone = ((await membersByRegion(cluster))[1] ?? []).map(({ instanceId }) => instanceId);
    const region = await cluster.home.region(away);
    await cutLink(cluster, true);
    for (const instanceId of gone) await region.services.ec2.lose(instanceId);
    await accepts(here, 'region-lost');
    await cutLink(cluster, false);
    await expectPlaced(cluster, [3, 2]);
    for (const instanceId of gone) expect(await ids()).not.toContain(instanceId);
  },
);

(all ? test : test.skip)('with a zone of home lost writes go on, and a successor joins', async () => {
  const lost =
    (await membersByRegion(cluster))[0]?.find(({ member }) => member?.isLeader) ??
    (await membersByRegion(cluster))[0]?.[0];
  await cutPower(cluster.home, lost?.instanceId ?? '');
  const [here = ''] = (await addressesIn(0)).filter((address) => address !== lost?.address);
  await accepts(here, 'zone-lost');
  await expectPlaced(cluster, [3, 2]);
});
