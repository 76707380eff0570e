/** A running cluster goes from plain HTTP to TLS under load, by way of members that serve both. */
import { expect, jest, test } from '@jest/globals';
import { factsOf } from '#etcd/minors.ts';
import { createEtcdClient } from '../../agent/machine/etcdClient.ts';
import { presentToEtcd } from '../../agent/machine/etcdHttp.ts';
import { exchange } from '../../agent/machine/http.ts';
import { clientIdentity } from './clientIdentity.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { isOffered } from './dns.ts';
import { expectServing, migrate } from './migration.ts';
import { startRegisters } from './registers.ts';
import { createdWith, startedSince, startsOf } from './upgrade.ts';

jest.setTimeout(300_000);

/** Whether the port answers a request in the clear as etcd would. */
async function servesPlain(address: string, port: number): Promise<boolean> {
  const url = `http://${address}:${port}/version`;
  const answer = await exchange({ method: 'GET', url, timeoutMs: 3_000 }).catch(() => null);
  return answer?.status === 200;
}

async function underLoad(cluster: TestCluster, etcd: string, to: string): Promise<void> {
  const registers = startRegisters({ cluster, etcd });
  const before = await startsOf(cluster);
  const end = await migrate(cluster, { to });
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  expect((await registers.stop(await cluster.members())).conflicts).toEqual([]);
  expect(await startedSince(cluster, before)).toEqual([1, 1, 1]);
}

/** A 2.x, which serves TLS beside HTTP on another port, is `TESTS=all`. */
const versions = ['3.5.35', ...(process.env.TESTS === 'all' ? ['2.3.8'] : [])];

test.each(versions)('etcd %s serves both, and then TLS alone, and loses no write', async (etcd) => {
  const cluster = await createdWith(etcd, 3);
  try {
    // Clients that know of no certificates go on while members come to serve both.
    await underLoad(cluster, etcd, 'both');
    await expectServing(cluster, 'both');
    const offered = () => Promise.all(['_etcd-client', '_etcd-client-ssl'].map((name) => isOffered(cluster, name)));
    await eventually('clients find both', async () => (await offered()).join() === 'true,true');
    // And those that have one while members leave HTTP; on 2.x a port cannot take both.
    presentToEtcd(await clientIdentity(cluster), !factsOf(etcd).tls.onePort);
    await underLoad(cluster, etcd, 'tls');
    await expectServing(cluster, 'tls');
    for (const { address } of await cluster.members()) {
      for (const port of [2379, 2380]) expect(await servesPlain(address, port)).toBe(false);
      const { members } = await createEtcdClient({ address, version: etcd, timeoutMs: 3_000 }).members();
      expect(members.map(({ peerUrls }) => new URL(peerUrls[0] ?? '').protocol)).toEqual([
        'https:',
        'https:',
        'https:',
      ]);
    }
    await eventually('clients find TLS alone', async () => (await offered()).join() === 'false,true');
  } finally {
    presentToEtcd(null);
    await cluster.close();
  }
});
