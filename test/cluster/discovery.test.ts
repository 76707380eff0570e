/** That etcd's own programs find the cluster by the records that the agents keep, before and after its members change. */
import { request } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { clientPort, clientUrl } from '#etcd/addresses.ts';
import { exchange, type TlsIdentity } from '../../agent/machine/http.ts';
import { layoutBelow } from '../../agent/machine/layout.ts';
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
  cluster = await openTestCluster({ members: 3, etcd, tls: true });
  await cluster.ended(cluster.firstExecution);
  discovery = await openEtcdDiscovery(cluster, etcd);
});
afterAll(async () => {
  await discovery?.close();
  await cluster?.close();
});

/** Addresses of the home's network that no instance has. */
const own = (host: number) => `${cluster.home.context.network}.${host}`;

type Send = (path: string, body: object) => Promise<Record<string, unknown>>;

/** A gateway passes connections on as they are: the members' certificates are for the domain, too, and not for its address. */
const throughGateway =
  (host: string): Send =>
  (path, body) =>
    new Promise((resolve, reject) => {
      const { key, certificate: cert, authorities: ca } = cluster.identity as TlsIdentity;
      const servername = cluster.outputs.DiscoveryDomain;
      request({ host, port: clientPort, path, method: 'POST', key, cert, ca, servername, agent: false })
        .once('response', (answer) => json(answer).then((read) => resolve(read as Record<string, unknown>), reject))
        .once('error', reject)
        .end(JSON.stringify(body));
    });

/** A proxy is a server of its own: here in the clear. */
const throughProxy =
  (address: string): Send =>
  async (path, body) => {
    const url = `${clientUrl(address)}${path}`;
    return JSON.parse((await exchange({ method: 'POST', url, body: JSON.stringify(body), timeoutMs: 10_000 })).body);
  };

async function isServed(send: Send, name: string): Promise<void> {
  const key = Buffer.from(name).toString('base64');
  await send('/v3/kv/put', { key, value: 'eWVz' });
  expect(await send('/v3/kv/range', { key })).toMatchObject({ kvs: [{ key, value: 'eWVz' }] });
}

/** etcdctl, a gateway and a proxy, which are told nothing but the domain. */
async function allAreFound(members: readonly Member[], gateway: string, proxy: string): Promise<void> {
  await dnsAgrees(cluster, members);
  const names = members.map(({ instanceId }) => `${instanceId}.${cluster.outputs.DiscoveryDomain}`).sort();
  await discovery.etcdctl('put', `of-${gateway}`, '1');
  expect(await discovery.etcdctl('get', `of-${gateway}`, '--print-value-only')).toBe('1\n');
  const health = (await discovery.etcdctl('endpoint', 'health', '--cluster')).trim().split('\n');
  expect(health).toEqual(members.map(() => expect.stringContaining(' is healthy')));
  // By _etcd-client-ssl; then by _etcd-server-ssl, as a member finds the peers that it is to form a cluster with.
  const validated = `--trusted-ca-file=${discovery.authorities}`;
  const found = await discovery.serve(gateway, 'gateway', 'start', validated, `--listen-addr=${gateway}:${clientPort}`);
  expect([...found].sort()).toEqual(names);
  const stays = members.find(({ status }) => status?.member?.isLeader === false);
  const peer = peerFilesOf(stays?.instanceId ?? '').map(([flag, file]) => `--peer-${flag}=${file}`);
  await discovery.serve(proxy, '--proxy=on', '--name=proxy', `--listen-client-urls=${clientUrl(proxy)}`, ...peer);
  await isServed(throughGateway(gateway), `by-${gateway}`);
  await isServed(throughProxy(proxy), `by-${proxy}`);
}

/** Nobody else's certificate opens the peer port, where a proxy asks who is a member. They are read again and again. */
function peerFilesOf(instanceId: string): readonly (readonly [flag: string, file: string])[] {
  const { tls } = layoutBelow(join(cluster.folder, 'instances', instanceId));
  return [
    ['trusted-ca-file', join(tls, 'trusted.crt')],
    ['cert-file', join(tls, 'peer.crt')],
    ['key-file', join(tls, 'peer.key')],
  ];
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
    await isServed(throughGateway(own(3)), 'later-by-gateway');
    await isServed(throughProxy(own(4)), 'later-by-proxy');
  },
);
