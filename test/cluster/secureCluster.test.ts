/** A cluster that speaks TLS from the beginning, as it is deployed: each agent's certificates, and nobody without one. */
import { X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { clientPort, peerPort } from '#etcd/addresses.ts';
import { exchange, type TlsIdentity } from '../../agent/machine/http.ts';
import { made } from '../../infra/local/cloudformation/resources.ts';
import { tokenHeader } from '../../infra/local/page/guard.ts';
import { startPage } from '../../infra/local/page/server.ts';
import { sourceOfHome } from '../../infra/local/page/sourceOfHome.ts';
import { authorityOf, type KeyAndCertificate, type TestAuthority } from '../tasks/certificates/testAuthority.ts';
import { agentIdentity } from './agentIdentity.ts';
import { clientIdentity } from './clientIdentity.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';
import { etcdctlAs } from './etcdctl.ts';
import { fromElsewhere, intruders } from './intruders.ts';
import { homeSecrets, keyFiles, leaks } from './leftBehind.ts';
import { rotate } from './rotation.ts';
import { keySecret, textSecret } from './secrets.ts';
import { ask } from './tlsMembers.ts';
import { expectUpgraded, upgrade } from './upgrade.ts';

jest.setTimeout(240_000);

let cluster: TestCluster;
beforeAll(async () => {
  replaced = mkdtempSync(join(tmpdir(), 'replaced-'));
  cluster = await openTestCluster({ members: 3, etcd: '3.5.31', settings: { tls: true } });
  const { status, cause } = await cluster.ended(cluster.firstExecution);
  expect([status, cause]).toEqual(['SUCCEEDED', undefined]);
});
afterAll(async () => {
  await cluster?.close();
  rmSync(replaced, { recursive: true, force: true });
});

const identityOf = (instanceId: string) => agentIdentity(cluster, instanceId);

const version = (address: string, tls?: TlsIdentity) =>
  exchange({ method: 'GET', url: `https://${address}:2379/version`, timeoutMs: 3_000, ...(tls && { tls }) });

/** The first bytes that a port answers plain HTTP with; empty where it hangs up. */
function plainAnswer(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port }, () => socket.write('GET /version HTTP/1.0\r\n\r\n'));
    let said = '';
    socket.on('data', (data) => (said += data.toString('latin1')));
    socket.once('error', () => resolve(said));
    socket.once('close', () => resolve(said));
  });
}

/** The cluster's own authority, as whoever could make its key in KMS sign anything. */
async function ownAuthority(): Promise<TestAuthority> {
  const { endpoint, credentials, context } = cluster.home;
  const kms = new KMSClient({ endpoint, credentials, region: context.region });
  const key = made(context).find(({ type }) => type === 'AWS::KMS::Key');
  const { authorities } = identityOf((await cluster.members())[0]?.instanceId ?? '');
  return authorityOf(authorities, async (Message) => {
    const how = { MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' } as const;
    const { Signature = new Uint8Array() } = await kms.send(
      new SignCommand({ KeyId: key?.physicalId, Message, ...how }),
    );
    return Signature;
  });
}

test('every member serves who has a certificate of the cluster, and nobody else, on both ports', async () => {
  const members = await cluster.members();
  const agent = identityOf(members[0]?.instanceId ?? '');
  const own = await ownAuthority();
  const [strangers, copied] = [await intruders(own), await fromElsewhere(own)];
  const answers = (address: string, port: number, shown: KeyAndCertificate | null) =>
    ask(`https://${address}:${port}/version`, { shown, ca: own.certificate }).then(
      () => true,
      () => false,
    );
  for (const { address, status } of members) {
    expect(status?.health).toEqual({ verdict: 'healthy' });
    expect(JSON.parse((await version(address, agent)).body)).toMatchObject({ etcdserver: '3.5.31' });
    for (const port of [clientPort, peerPort]) {
      for (const { who, shown } of strangers)
        expect([who, port, await answers(address, port, shown)]).toEqual([who, port, false]);
      expect(await plainAnswer(address, port)).not.toContain('etcdserver');
    }
    // Of the cluster, and still not for this port.
    expect(await answers(address, peerPort, copied.shown)).toBe(false);
    expect(await answers(address, peerPort, agent)).toBe(false);
  }
});

/** Private keys of instances and clients that have been made, for the search at the end. */
const keys = new Map<string, string>();
/** A copy of what an instance has left that is gone by then. */
let replaced: string;

function noteKeys(): void {
  for (const file of keyFiles(cluster.folder)) {
    keys.set(file, readFileSync(file, 'utf8'));
    expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
  }
}

test('a client with a certificate that an operator had signed is served, under its name', async () => {
  const app = await clientIdentity(cluster, 'app1', 2);
  keys.set('the client app1', app.key);
  const { subject, validTo } = new X509Certificate(app.certificate);
  expect(subject).toBe('CN=app1');
  expect(Math.round((Date.parse(validTo) - Date.now()) / 86_400_000)).toBe(2);
  const [member] = await cluster.members();
  expect((await version(member?.address ?? '', app)).status).toBe(200);
  await expect(clientIdentity(cluster, 'etcd-appliance-peer')).rejects.toThrow("product's own");
});

test('an instance is replaced over TLS', async () => {
  const [first] = await cluster.members();
  noteKeys();
  cpSync(join(cluster.folder, 'instances', first?.instanceId ?? '', 'var/log'), replaced, { recursive: true });
  const rotated = await cluster.ended(
    await rotate(cluster, { reason: 'a certificate of its own', instances: [first?.instanceId] }),
  );
  expect([rotated.status, rotated.cause]).toEqual(['SUCCEEDED', undefined]);
});

test('users of etcd go by the name of their certificate, and have what their role has; the agents go on as one of them', async () => {
  const members = await cluster.members();
  const address = members[0]?.address ?? '';
  const [operator, app] = [await clientIdentity(cluster, 'root'), await clientIdentity(cluster, 'app1')];
  keys.set('the operator root', operator.key).set('app1 as a user', app.key);
  const root = await etcdctlAs(address, operator);
  for (const name of ['root', 'etcd-appliance-agent', 'app1']) await root('user', 'add', name, '--no-password');
  await root('role', 'add', 'app1');
  await root('role', 'grant-permission', 'app1', '--prefix=true', 'readwrite', '/app1/');
  for (const [user, role] of [
    ['root', 'root'],
    ['etcd-appliance-agent', 'root'],
    ['app1', 'app1'],
  ] as const)
    await root('user', 'grant-role', user, role);
  await root('auth', 'enable');

  const app1 = await etcdctlAs(address, app);
  expect(await app1('put', '/app1/color', 'green')).toBe('OK\n');
  expect(await app1('get', '/app1/color', '--print-value-only')).toBe('green\n');
  for (const refused of [
    ['put', '/app2/color', 'red'],
    ['get', '/app2/color'],
    ['get', '', '--prefix'],
    ['user', 'add', 'x', '--no-password'],
  ])
    await expect(app1(...refused)).rejects.toThrow('permission denied');
  await root('put', '/app2/color', 'blue');
  // An observation is half a second old at most.
  for (let look = 0; look < 5; look++) {
    await setTimeout(500);
    for (const { status } of await cluster.members()) {
      expect(status?.health).toEqual({ verdict: 'healthy' });
      expect(status?.member?.members).toHaveLength(3);
    }
  }
});

test('the cluster is upgraded over TLS, while its users are on', async () => {
  const end = await upgrade(cluster, { to: '3.5.35' });
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  await expectUpgraded(cluster, '3.5.35', 3);
  const address = (await cluster.members())[0]?.address ?? '';
  for (const { instanceId } of await cluster.members())
    expect((await version(address, identityOf(instanceId))).status).toBe(200);
  const root = await etcdctlAs(address, await clientIdentity(cluster, 'root'));
  expect(await root('auth', 'status')).toContain('Authentication Status: true');
  expect(await root('get', '/app1/color', '--print-value-only')).toBe('green\n');
});

const inAll = process.env.TESTS === 'all' ? test : test.skip;

inAll('an instance is replaced while users are on', async () => {
  const [first] = await cluster.members();
  const end = await cluster.ended(await rotate(cluster, { reason: 'users', instances: [first?.instanceId] }));
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  await expectUpgraded(cluster, '3.5.35', 3);
});

test('no key and no credential is in anything that all of this has left behind', async () => {
  const { home } = cluster;
  const source = sourceOfHome(home);
  const page = await startPage({ host: '127.0.0.1', port: 0, source, log: home.context.log });
  const token = page.urlWithToken.split('#token=')[1] ?? '';
  const headers = { [tokenHeader]: token, 'content-type': 'application/json' };
  const started = await fetch(`${page.url}api/executions`, { method: 'POST', headers, body: '{"input":"x"}' });
  expect(started.status).toBe(400);
  await page.close();
  noteKeys();
  const made = [...keys].map(([what, pem]) => keySecret(what, pem));
  // Three of each of four instances, those of clients.
  expect(made.length).toBeGreaterThanOrEqual(15);
  const secrets = [...made, ...homeSecrets(cluster), textSecret('the token of the page', token)];
  expect(secrets.length).toBeGreaterThan(30);
  expect(await leaks(cluster, secrets, [replaced])).toEqual([]);
  expect(statSync(cluster.folder).mode & 0o777).toBe(0o700);
});
