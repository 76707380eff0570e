/** RotateCertificateAuthority as synthesized, with the built bundles, real agents and real etcd, under load. */
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { presentToEtcd } from '../../agent/machine/etcdHttp.ts';
import { exchange, type TlsIdentity } from '../../agent/machine/http.ts';
import { deployGeneration, pemsIn, rotateAuthority, seenMembers, startAuthorityRotation } from './authority.ts';
import { clientIdentity } from './clientIdentity.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';
import { entered, lockOf } from './rotation.ts';
import { lostAt, startTraffic, type Traffic } from './traffic.ts';

jest.setTimeout(300_000);

const size = { members: 3, etcd: '3.5.35' };
const settings = { tls: true };
const first = 'CN=etcd etcd certificate authority';
const second = `${first} 2`;
let cluster: TestCluster;
let app: TlsIdentity;
let traffic: Traffic;
beforeAll(async () => {
  cluster = await openTestCluster({ ...size, settings });
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
  use(await clientIdentity(cluster, 'app'));
  traffic = startTraffic({ cluster, etcd: size.etcd, everyMs: 100 });
});
afterAll(async () => {
  presentToEtcd(null);
  await cluster?.close();
});

/** What the clients of this test show, and whom they believe, from now on. */
function use(identity: TlsIdentity): void {
  app = identity;
  presentToEtcd(identity);
}
const version = (address: string, tls: TlsIdentity) =>
  exchange({ method: 'GET', url: `https://${address}:2379/version`, timeoutMs: 3_000, tls });

const succeeds = async (input: unknown) => {
  const end = await rotateAuthority(cluster, input);
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  return { path: end.path, said: JSON.parse(end.output ?? '{}') };
};
async function stoppedAt(state: string, input: unknown): Promise<void> {
  const executionArn = await startAuthorityRotation(cluster, input);
  await entered(cluster, executionArn, state);
  await cluster.states.send(new StopExecutionCommand({ executionArn }));
  await cluster.ended(executionArn);
}
const everybody = async (trusted: readonly string[], issuer: string) => {
  const seen = await seenMembers(cluster, app);
  for (const member of seen) expect(member).toMatchObject({ healthy: true, trusted, issuer });
  expect(seen).toHaveLength(3);
};
const holder = async () => (await lockOf(cluster))?.holder;

test('is refused before there is another key, and says what to deploy', async () => {
  expect(await rotateAuthority(cluster, {})).toMatchObject({
    status: 'FAILED',
    error: 'PreflightFailed',
    cause: expect.stringContaining('deploy with certificateAuthorityGeneration = 2 first'),
  });
  await deployGeneration(cluster, size, 2, settings);
  expect(await rotateAuthority(cluster, { action: 'rollBack' })).toMatchObject({
    status: 'FAILED',
    cause: expect.stringContaining('generation 1 is trusted alone already: there is nothing to take back'),
  });
});

test('says what it would do, and changes nothing', async () => {
  const { said } = await succeeds({ dryRun: true });
  expect(said).toMatchObject({ wanted: 2, trusted: [1], clients: { unaware: { count: 1 }, cutOff: { count: 1 } } });
  expect(said.steps).toHaveLength(6);
  expect(await holder()).toBeUndefined();
  await everybody([first], first);
});

test('has every member trust both, and waits for clients that do not', async () => {
  const { said, path } = await succeeds({});
  expect(path.at(-1)).toContain('Clients are waited for');
  expect(said.clients).toMatchObject({ count: 1, first: [{ name: 'app', renewed: false }] });
  expect(pemsIn(said.certificates).map(({ subject }) => subject)).toEqual([first, second]);
  expect(await holder()).toBeUndefined();
  await everybody([first, second], first);
  use({ ...app, authorities: said.certificates });
});

test('that is stopped while members get new certificates is gone back with', async () => {
  await stoppedAt('Have every member show certificates of it', { sign: 'now' });
  expect(await holder()).toBeDefined();
  await succeeds({ action: 'rollBack' });
  expect(await holder()).toBeUndefined();
  await everybody([first], first);
});

test('has every member show new certificates, and waits for clients with one of the old authority', async () => {
  const { said } = await succeeds({ sign: 'now' });
  expect(said.clients).toMatchObject({ count: 1, first: [{ name: 'app' }] });
  use({ ...app, authorities: said.certificates });
  await everybody([first, second], second);
});

test('that is stopped while members forget the old authority is gone on with; its clients are refused then', async () => {
  const before = app;
  use(await clientIdentity(cluster, 'app'));
  const addresses = (await cluster.members()).map(({ address }) => address);
  for (const address of addresses) expect((await version(address, before)).status).toBe(200);
  await stoppedAt('Have every member forget the other', { drop: 'now' });
  expect(await rotateAuthority(cluster, { action: 'rollBack' })).toMatchObject({
    status: 'FAILED',
    cause: expect.stringContaining('there is no way back to generation 1'),
  });
  const { path } = await succeeds({ drop: 'now' });
  expect(path.at(-1)).toContain('Certificate authority rotated');
  await everybody([second], second);
  for (const address of addresses) await expect(version(address, { ...before })).rejects.toThrow();
});

test('loses no acknowledged write, and leaves no operation without an answer', async () => {
  const result = await traffic.stop();
  expect(result.failed).toEqual([]);
  expect(result.acknowledged.length).toBeGreaterThan(100);
  for (const { address, status } of await cluster.members()) {
    expect(status?.etcd.crashes).toBe(0);
    expect(await lostAt(address, size.etcd, result)).toEqual([]);
  }
});
