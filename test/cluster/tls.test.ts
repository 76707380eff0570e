/** What every minor of etcd does with TLS on both ports: docs/security.md, "TLS by etcd minor". */
import { X509Certificate } from 'node:crypto';
import type { SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { clientPort, clientUrl, peerPort } from '#etcd/addresses.ts';
import { factsOf } from '#etcd/minors.ts';
import { compareVersions } from '#etcd/versions.ts';
import {
  createTestAuthority,
  type KeyAndCertificate,
  type TestAuthority,
} from '../tasks/certificates/testAuthority.ts';
import { eventually } from './cluster.ts';
import { fromElsewhere, type Intruder, intruders } from './intruders.ts';
import { ask, offers, renew, startTlsCluster, type TlsCluster } from './tlsMembers.ts';

jest.setTimeout(60_000);

const versions = [
  ...['2.0.5', '2.1.1', '2.2.5', '2.3.8'],
  ...['3.0.17', '3.1.20', '3.2.32', '3.3.27', '3.4.15', '3.5.35', '3.6.16', '3.7.3'],
];

const nobody = { instanceId: 'i-00000009', address: '127.0.0.1', domain: 'etcd.etcd.internal' };
let authority: TestAuthority;
/** Who comes with which certificate. */
let shown: Record<'agent' | 'peer', KeyAndCertificate>;
let strangers: readonly Intruder[];
let copied: Intruder;
beforeAll(async () => {
  authority = await createTestAuthority();
  shown = { agent: await authority.issue('client', nobody), peer: await authority.issue('peer', nobody) };
  strangers = await intruders(authority);
  copied = await fromElsewhere(authority);
});

const as = (who: keyof typeof shown) => ({ shown: shown[who], ca: authority.certificate });

/** Writes through the API that works over TLS, and reads it back; the v3 API is asked by the JSON gateway. */
async function writes(version: string, address: string): Promise<boolean> {
  const { gatewayPrefix, tls } = factsOf(version);
  const url = clientUrl(address, true);
  if (tls.v3Api === 'none') {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const put = await ask(`${url}/v2/keys/a`, as('agent'), 'PUT', 'value=b', form);
    const got = await ask(`${url}/v2/keys/a?quorum=true`, as('agent'));
    return put.status < 300 && JSON.parse(got.body).node.value === 'b';
  }
  const key = Buffer.from('a').toString('base64');
  const put = await ask(`${url}${gatewayPrefix}/kv/put`, as('agent'), 'POST', JSON.stringify({ key, value: key }));
  const got = await ask(`${url}${gatewayPrefix}/kv/range`, as('agent'), 'POST', JSON.stringify({ key }));
  return put.status === 200 && JSON.parse(got.body).kvs?.[0]?.value === key;
}

describe.each(versions)('etcd %s', (version) => {
  const { tls } = factsOf(version);
  const checksPeerAddress = compareVersions(version, '3.2.0') >= 0;
  let cluster: TlsCluster;
  let address: string;
  beforeAll(async () => {
    cluster = await startTlsCluster(version, authority);
    [{ address }] = cluster.members;
  });
  afterAll(() => cluster.stop());

  test('serves the agent, by two members that reach each other by TLS', async () => {
    await eventually('a write', () => writes(version, address), 40_000);
  });

  /** Of the ports of all members, those that answer. */
  async function taken(one: KeyAndCertificate | null, ports: readonly number[]): Promise<number> {
    const urls = cluster.members.flatMap((member) => ports.map((port) => `https://${member.address}:${port}/version`));
    const answers = urls.map((url) =>
      ask(url, { shown: one, ca: authority.certificate }).then(
        () => 1,
        () => 0,
      ),
    );
    return (await Promise.all(answers)).reduce((sum: number, each) => sum + each, 0);
  }

  test('refuses whoever has no valid certificate of the cluster, at both ports of every member', async () => {
    expect([await taken(shown.agent, [clientPort]), await taken(shown.peer, [peerPort])]).toEqual([2, 2]);
    for (const { who, shown: one } of strangers)
      expect([who, await taken(one, [clientPort, peerPort])]).toEqual([who, 0]);
    for (const port of [clientPort, peerPort]) {
      const plain = fetch(`http://${address}:${port}/version`).then(({ ok }) => ok);
      expect(await plain.catch(() => false)).toBe(false);
    }
  });

  test('refuses at its peer port who comes from another address than its certificate, and clients, as far as it can', async () => {
    expect(await taken(copied.shown, [peerPort])).toBe(checksPeerAddress ? 0 : 2);
    expect(await taken(shown.agent, [peerPort])).toBe(tls.peerCommonName ? 0 : 2);
    // Where a client comes from, no minor compares.
    expect(await taken(copied.shown, [clientPort])).toBe(2);
  });

  test('speaks TLS 1.2 and 1.3, and older ones where its source has them', async () => {
    const offered = async (port: number, who: 'agent' | 'peer') => {
      const spoken: SecureVersion[] = [];
      for (const one of ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const)
        if ((await offers(address, port, one, as(who))) !== null) spoken.push(one);
      return spoken;
    };
    const old = tls.oldest === '1.0' ? ['TLSv1', 'TLSv1.1'] : [];
    expect(await offered(clientPort, 'agent')).toEqual([...old, 'TLSv1.2', 'TLSv1.3']);
    expect(await offered(peerPort, 'peer')).toEqual([...old, 'TLSv1.2', 'TLSv1.3']);
  });

  test('shows a certificate that was renewed from the next connection on, or from its next start', async () => {
    const [member] = cluster.members;
    const made = new X509Certificate((await renew(member, authority)).certificate);
    const seen = await offers(address, clientPort, 'TLSv1.2', as('agent'));
    expect(seen?.serialNumber === made.serialNumber).toBe(tls.reloads);
  });
});
