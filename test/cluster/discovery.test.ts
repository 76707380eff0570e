/** That etcd's own programs find the cluster by the records that the agents keep, before and after its members change. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import { dnsAgrees } from './afterScenario.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';
import { type EtcdDiscovery, openEtcdDiscovery, whyNoDiscovery } from './etcdDiscovery.ts';
import { gone, type Member, settled, terminate } from './group.ts';

jest.setTimeout(180_000);

const etcd = '3.5.35';
const why = await whyNoDiscovery();
if (why !== null) process.stderr.write(`etcd's own discovery is not tried: ${why}\n`);
let cluster: TestCluster;
let discovery: EtcdDiscovery;

beforeAll(async () => {
  if (why !== null) return;
  cluster = await openTestCluster({ members: 3, etcd });
  await cluster.ended(cluster.firstExecution);
  discovery = await openEtcdDiscovery(cluster, etcd);
});
afterAll(async () => {
  await discovery?.close();
  await cluster?.close();
});

/** Addresses of the home's network that no instance has. */
const own = (host: number) => `${cluster.home.context.network}.${host}`;

async function isServed(address: string, key: string): Promise<void> {
  await write(address, etcd, key, 'yes');
  expect(await read(address, etcd, key)).toBe('yes');
}

/** etcdctl, a gateway and a proxy, which are told nothing but the domain. */
async function allAreFound(members: readonly Member[], gateway: string, proxy: string): Promise<void> {
  await dnsAgrees(cluster, members);
  const names = members.map(({ instanceId }) => `${instanceId}.${cluster.outputs.DiscoveryDomain}`).sort();
  await discovery.etcdctl('put', `of-${gateway}`, '1');
  expect(await discovery.etcdctl('get', `of-${gateway}`, '--print-value-only')).toBe('1\n');
  const health = (await discovery.etcdctl('endpoint', 'health', '--cluster')).trim().split('\n');
  expect(health).toEqual(members.map(() => expect.stringContaining(' is healthy')));
  // By _etcd-client; then by _etcd-server, as a member finds the peers that it is to form a cluster with.
  const found = await discovery.serve(
    gateway,
    'gateway',
    'start',
    '--insecure-discovery',
    `--listen-addr=${gateway}:2379`,
  );
  expect(found).toEqual(names);
  await discovery.serve(proxy, '--proxy=on', '--name=proxy', `--listen-client-urls=http://${proxy}:2379`);
  for (const address of [gateway, proxy]) await isServed(address, `by-${address}`);
}

(why === null ? test : test.skip)(
  'etcdctl, a gateway and a proxy find the members by the domain alone, also after the leader was replaced',
  async () => {
    const before = await settled(cluster, 3);
    await allAreFound(before, own(3), own(4));

    const leader = before.find(({ status }) => status?.member?.isLeader);
    await terminate(cluster, leader?.instanceId ?? '');
    await gone(cluster, leader?.instanceId ?? '');
    await allAreFound(await settled(cluster, 3), own(5), own(6));
    // Those that were started before go on through the members that are left of what they found.
    for (const address of [own(3), own(4)]) await isServed(address, `later-by-${address}`);
  },
);
