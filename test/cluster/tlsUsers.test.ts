/** Users of etcd in a cluster that speaks TLS: what an agent does as one of them, with its certificate alone. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { clientUrl } from '#etcd/addresses.ts';
import { commonNames } from '#etcd/certificates.ts';
import { factsOf } from '#etcd/minors.ts';
import { compareVersions } from '#etcd/versions.ts';
import { createEtcdClient, type EtcdClient } from '../../agent/machine/etcdClient.ts';
import { presentToEtcd } from '../../agent/machine/etcdHttp.ts';
import { createEtcdMembership, type EtcdMembership } from '../../agent/machine/etcdMembership.ts';
import { saveSnapshot } from '../../agent/machine/etcdSnapshot.ts';
import { ownAddress } from '../loopback.ts';
import {
  createTestAuthority,
  type KeyAndCertificate,
  type TestAuthority,
} from '../tasks/certificates/testAuthority.ts';
import { eventually } from './cluster.ts';
import { ask, startTlsCluster, type TlsCluster } from './tlsMembers.ts';

jest.setTimeout(60_000);

const nobody = { instanceId: 'i-00000009', address: '127.0.0.1', domain: 'etcd.etcd.internal' };
const all = ['3.2.32', '3.3.27', '3.4.15', '3.5.35', '3.6.16', '3.7.3'];
const versions = process.env.TESTS === 'all' ? all : ['3.4.15', '3.5.35', '3.6.16'];

let authority: TestAuthority;
let agent: KeyAndCertificate;
beforeAll(async () => {
  authority = await createTestAuthority();
  agent = await authority.issue('client', nobody);
});
afterAll(() => presentToEtcd(null));

describe.each(versions)('an agent of etcd %s whose users are on', (version) => {
  /** Its gateway, whose own certificate has no common name. */
  const takesPasswords = compareVersions(version, '3.4.0') >= 0;
  let cluster: TlsCluster;
  let address: string;
  let client: EtcdClient;
  const leader = async (): Promise<EtcdMembership> => {
    const { members } = await client.members();
    const { leaderId } = await client.standing();
    const { name } = members.find(({ id }) => id === leaderId) ?? {};
    const at = cluster.members.find(({ instanceId }) => instanceId === name)?.address ?? '';
    return createEtcdMembership({ address: at, version, timeoutMs: 5_000 });
  };
  const post = async (path: string, body: object) => {
    const url = `${clientUrl(address, true)}${factsOf(version).gatewayPrefix}${path}`;
    const answer = await ask(url, { shown: agent, ca: authority.certificate }, 'POST', JSON.stringify(body));
    expect([path, answer.status, answer.body]).toEqual([path, 200, expect.anything()]);
  };
  beforeAll(async () => {
    cluster = await startTlsCluster(version, authority);
    [{ address }] = cluster.members;
    presentToEtcd({ ...agent, authorities: authority.certificate });
    client = createEtcdClient({ address, version, timeoutMs: 5_000 });
    await eventually('a write', () => client.writeAndRead('a').then(() => true), 40_000);
    expect(await client.authEnabled()).toBe(false);
    await post('/auth/role/add', { name: 'root' });
    for (const name of ['root', commonNames.client]) await post('/auth/user/add', { name, password: 'secret' });
    await post('/auth/user/grant', { user: 'root', role: 'root' });
    if (!takesPasswords) await post('/auth/user/grant', { user: commonNames.client, role: 'root' });
    await post('/auth/enable', {});
  });
  afterAll(() => cluster.stop());

  if (takesPasswords)
    test('is refused without the role, in words that say what it needs', async () => {
      expect(await client.authEnabled()).toBe(true);
      for (const call of [client.linearizableRead, () => client.writeAndRead('a')])
        await expect(call()).rejects.toThrow(
          /permission denied \(auth is on.*user etcd-appliance-agent with the role root/,
        );
    });

  test('reads and writes as the user of its certificate’s name, once that has the role', async () => {
    if (takesPasswords) await grantRoot();
    await client.linearizableRead();
    await client.writeAndRead('a');
    expect(await client.authEnabled()).toBe(true);
  });

  test('sees the members, the leader, alarms, sizes and indexes', async () => {
    const { clusterId, members } = await client.members();
    expect(clusterId).toMatch(/^[1-9a-f][0-9a-f]{10,15}$/);
    expect(members.map(({ name, peerUrls, isLearner }) => [name, peerUrls.length, isLearner]).sort()).toEqual([
      ['i-00000001', 1, false],
      ['i-00000002', 1, false],
    ]);
    expect(members.map(({ id }) => id)).toContain((await client.standing()).leaderId);
    expect(await client.clusterAlarms()).toEqual([]);
    expect((await client.database())?.bytes).toBeGreaterThan(0);
    expect(await client.raftIndex()).toBeGreaterThan(0);
    expect(await client.revision()).toBeGreaterThan(1);
  });

  test('gives free pages back, saves a snapshot, changes members and the leader', async () => {
    await client.defragment();
    const folder = mkdtempSync(join(tmpdir(), 'etcd-users-'));
    await saveSnapshot(address, version, join(folder, 'db'), 10_000);
    expect(statSync(join(folder, 'db')).size).toBeGreaterThan(10_000);
    rmSync(folder, { recursive: true });
    const learners = factsOf(version).learners;
    // A member counts as healthy once the others have been connected to it for 5 s.
    const added = await eventually('a member is added', async () =>
      (await leader()).add(`https://${ownAddress(9)}:2380`, learners),
    );
    const listed = (await client.members()).members.find(({ id }) => id === added);
    expect(listed).toMatchObject({ name: '', isLearner: learners });
    if (learners) await expect((await leader()).promote(added)).rejects.toMatchObject({ name: 'EtcdRefusal' });
    // Of three voters two are there.
    await (await leader()).remove(added);
    expect((await client.members()).members).toHaveLength(2);
    if (compareVersions(version, '3.4.0') < 0) return;
    const { leaderId } = await client.standing();
    const [heir] = (await client.members()).members.filter(({ id }) => id !== leaderId);
    await eventually('the other one leads', async () => {
      await (await leader()).moveLeader(heir?.id ?? '').catch(() => undefined);
      return (await client.standing()).leaderId === heir?.id;
    });
  });

  /** As root, by a password: nobody else may. */
  async function grantRoot(): Promise<void> {
    const nameless = await authority.issue('server', nobody);
    const url = `${clientUrl(address, true)}${factsOf(version).gatewayPrefix}`;
    const as = { shown: nameless, ca: authority.certificate };
    const body = JSON.stringify({ name: 'root', password: 'secret' });
    const { token } = JSON.parse((await ask(`${url}/auth/authenticate`, as, 'POST', body)).body) as { token: string };
    const grant = JSON.stringify({ user: commonNames.client, role: 'root' });
    const headers = { authorization: token };
    expect((await ask(`${url}/auth/user/grant`, as, 'POST', grant, headers)).status).toBe(200);
  }
});
