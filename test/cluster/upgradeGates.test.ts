/** What stands between two minors: found, mended by the upgrade itself, or refused with what to do. One member each: it is faster. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { exchangeWithEtcd } from '../../agent/machine/etcdHttp.ts';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import type { TestCluster } from './cluster.ts';
import { lockOf } from './rotation.ts';
import { createdWith, expectUpgraded, upgrade } from './upgrade.ts';

jest.setTimeout(240_000);

let cluster: TestCluster;
afterEach(() => cluster.close());

const address = async () => (await cluster.home.instances())[0]?.address ?? '';
const hopsOf = (output: string | undefined) =>
  (JSON.parse(output ?? '{}') as { hops: { to: string }[] }).hops.map(({ to }) => to);

async function postV3(path: string, body: object): Promise<void> {
  const post = { path: `/v3${path}`, method: 'POST', body: JSON.stringify(body), timeoutMs: 10_000 };
  const answer = await exchangeWithEtcd({ address: await address(), ...post });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
}

test('3.5.31 goes to 3.6 through the patch that it needs first; what was written is there', async () => {
  cluster = await createdWith('3.5.31', 1);
  await write(await address(), '3.5.31', 'color', 'green');
  const end = await upgrade(cluster, { to: '3.6.16' });
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  expect(hopsOf(end.output)).toEqual(['3.5.35', '3.6.16']);
  await expectUpgraded(cluster, '3.6.16', 1);
  expect(await read(await address(), '3.6.16', 'color')).toBe('green');
});

test('3.6.0 goes to 3.7 through the patch that it needs first, and not back', async () => {
  cluster = await createdWith('3.6.0', 1);
  const end = await upgrade(cluster, { to: '3.7.3' });
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  expect(hopsOf(end.output)).toEqual(['3.6.16', '3.7.3']);
  await expectUpgraded(cluster, '3.7.3', 1);
  const back = await upgrade(cluster, { to: '3.6.16' });
  expect(back).toMatchObject({ status: 'FAILED', error: 'UpgradeNotPossible' });
  expect(back.cause).toContain('etcd does not go back from 3.7 to 3.6; restore a backup');
});

test('keys of the v2 API stay until 3.5, refuse 3.6 by name, and are deleted where that is asked for', async () => {
  cluster = await createdWith('3.3.27', 1);
  // A version whose own API is v2's.
  const ofV2 = '2.3.8';
  await write(await address(), ofV2, 'color', 'green');
  const kept = await upgrade(cluster, { to: '3.5.35' });
  expect([kept.status, kept.cause]).toEqual(['SUCCEEDED', undefined]);
  expect(await read(await address(), ofV2, 'color')).toBe('green');
  const refused = await upgrade(cluster, { to: '3.6.16' });
  expect(refused).toMatchObject({ status: 'FAILED', error: 'UpgradeNotPossible' });
  expect(refused.cause).toMatch(/the v2 store holds \/color.*"v2Keys": "delete"/);
  expect((await lockOf(cluster))?.holder).toBeUndefined();
  const end = await upgrade(cluster, { to: '3.6.16', v2Keys: 'delete' });
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  await expectUpgraded(cluster, '3.6.16', 1);
});

test('auth that is on stops an upgrade before it begins', async () => {
  cluster = await createdWith('3.4.15', 1);
  await postV3('/auth/user/add', { name: 'root', password: 'secret' });
  await postV3('/auth/role/add', { name: 'root' });
  await postV3('/auth/user/grant', { user: 'root', role: 'root' });
  await postV3('/auth/enable', {});
  const end = await upgrade(cluster, { to: '3.5.35' });
  expect(end.status).toBe('FAILED');
  expect(end.cause).toMatch(/auth is on.*11943.*etcdctl auth disable/);
  expect((await lockOf(cluster))?.holder).toBeUndefined();
  expect((await cluster.members())[0]?.status?.etcd).toMatchObject({ version: '3.4.15', starts: 1 });
});

test('a backup of each flip is in the bucket, with what it is of and its SHA-256', async () => {
  cluster = await createdWith('2.3.8', 1);
  const end = await upgrade(cluster, { to: '3.1.20' });
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  const { store } = cluster.home.services.s3;
  const kept = store.list(cluster.outputs.BucketName ?? '', 'backups/', '', 100);
  expect(
    kept.map(({ key, metadata }) => [key.split('-').at(-1)?.split('.').slice(1).join('.'), metadata['etcd-version']]),
  ).toEqual([
    ['tar.gz', '2.3.8'],
    ['db', '3.0.17'],
  ]);
  for (const { metadata } of kept) {
    expect(metadata.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(metadata['cluster-id']).toMatch(/^[0-9a-f]+$/);
    expect(Number(metadata['raft-index'])).toBeGreaterThan(0);
  }
  expect(Number(kept[1]?.metadata.revision)).toBeGreaterThan(0);
  const next = await upgrade(cluster, { to: '3.2.32', dryRun: true });
  expect(JSON.parse(next.output ?? '{}')).toMatchObject({ lastBackup: { key: kept[1]?.key } });
});
