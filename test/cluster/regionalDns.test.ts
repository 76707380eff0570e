/** That clients in each of two regions find all members by the cluster's domain, and those of their own region first. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { clientPort } from '#etcd/addresses.ts';
import { eventually, openTestCluster, type TestCluster, testRegions } from './cluster.ts';
import { ranked, resolved } from './dns.ts';
import { type EtcdDiscovery, openEtcdDiscovery, whyNoDiscovery } from './etcdDiscovery.ts';
import { gone, type Member, terminate } from './group.ts';

jest.setTimeout(240_000);

const etcd = '3.5.35';
const [home, away] = testRegions;
const why = await whyNoDiscovery();
if (why !== null) process.stderr.write(`etcd's own discovery is not tried: ${why}\n`);
let cluster: TestCluster;
const discoveries = new Map<string, EtcdDiscovery>();

beforeAll(async () => {
  cluster = await openTestCluster({ members: [2, 1], etcd, tls: true, roundTripMs: 25 });
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
  if (why !== null) return;
  for (const region of testRegions) discoveries.set(region, await openEtcdDiscovery(cluster, etcd, region));
});
afterAll(async () => {
  for (const discovery of discoveries.values()) await discovery.close();
  await cluster?.close();
});

/** Three members that know each other, by the region of their zone. */
async function whole(): Promise<ReadonlyMap<string, readonly Member[]>> {
  return eventually(
    'three healthy members that list each other',
    async () => {
      const members = await cluster.members();
      const names = members.map(({ instanceId }) => instanceId).sort();
      const lists = members.map(({ status }) => status?.member?.members.map(({ name }) => name).sort());
      const well = members.every(({ status }) => status?.health.verdict === 'healthy');
      if (members.length !== 3 || !well || lists.some((list) => list?.join() !== names.join())) return null;
      return Map.groupBy(members, ({ status }) => status?.zone.slice(0, -1) ?? '');
    },
    120_000,
  );
}

/**
 * What each region's DNS server says, and what etcdctl and a gateway do with it.
 * @param host of an address that no instance has
 */
async function bothFindAll(host: number): Promise<void> {
  const members = await whole();
  const idsIn = (region: string) =>
    members
      .get(region)
      ?.map(({ instanceId }) => instanceId)
      .sort() ?? [];
  const [near, far] = [idsIn(home), idsIn(away)];
  expect([near.length, far.length]).toEqual([2, 1]);
  for (const service of ['_etcd-client-ssl', '_etcd'])
    await eventually(
      `${service} as it is to be in both regions`,
      async () => {
        expect(await ranked(cluster, home, service)).toEqual({ first: near, others: far });
        expect(await ranked(cluster, away, service)).toEqual({ first: far, others: near });
        return true;
      },
      45_000,
    );
  const { server, addresses } = await resolved(cluster);
  expect(server).toEqual([...near, ...far].sort());
  expect(Object.values(addresses).sort()).toEqual(
    [...members.values()]
      .flat()
      .map(({ address }) => address)
      .sort(),
  );
  for (const [region, { etcdctl, serve, authorities }] of discoveries) {
    await etcdctl('put', `from-${region}`, '1');
    expect(await etcdctl('get', `from-${region}`, '--print-value-only')).toBe('1\n');
    // A gateway dials those of the lowest priority while there are any; it tells of all in the order of its answer.
    const address = `${(await cluster.home.region(region)).context.network}.${host}`;
    const flags = [`--trusted-ca-file=${authorities}`, `--listen-addr=${address}:${clientPort}`];
    const found = (await serve(address, 'gateway', 'start', ...flags)).map((name) => name.split('.')[0] ?? '');
    const own = region === home ? near : far;
    expect([found.slice(0, own.length).sort(), found.length]).toEqual([own, 3]);
  }
}

test('each region is told of its own members first, also after one was replaced', async () => {
  await bothFindAll(3);
  const follower = (await whole()).get(home)?.find(({ status }) => status?.member?.isLeader === false);
  const leaver = follower?.instanceId ?? '';
  await terminate(cluster, leaver);
  await gone(cluster, leaver);
  await bothFindAll(4);
  for (const region of testRegions) {
    const { first, others } = await ranked(cluster, region, '_etcd-client-ssl');
    expect([...first, ...others]).not.toContain(leaver);
  }
});
