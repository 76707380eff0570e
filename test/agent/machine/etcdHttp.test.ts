/** How an agent speaks to members that speak TLS, that do not, and in a cluster that is on its way. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createSocketServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { exchangeWithEtcd, presentToEtcd } from '../../../agent/machine/etcdHttp.ts';
import type { TlsIdentity } from '../../../agent/machine/http.ts';
import { ownAddress } from '../../loopback.ts';
import { createTestAuthority } from '../../tasks/certificates/testAuthority.ts';

const [plainly, securely, rudely, nobody] = [41, 42, 43, 44].map(ownAddress) as [string, string, string, string];
let identity: TlsIdentity;
let stranger: TlsIdentity;
let asked: string[] = [];
const servers: (Server | ReturnType<typeof createSocketServer>)[] = [];

beforeAll(async () => {
  const authority = await createTestAuthority();
  const instance = { instanceId: 'i-00000001', address: securely, domain: 'etcd.etcd.internal' };
  const [server, client] = [await authority.issue('server', instance), await authority.issue('client', instance)];
  identity = { ...client, authorities: authority.certificate };
  const other = await createTestAuthority();
  stranger = { ...(await other.issue('client', instance)), authorities: authority.certificate };
  const answer = (kind: string) => (request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${kind} ${request.url}`);
    response.end(kind);
  };
  const tls = { cert: server.certificate, key: server.key, ca: authority.certificate };
  servers.push(
    createServer(answer('plain')).listen(2379, plainly),
    createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: true }, answer('tls')).listen(2379, securely),
    // etcd from 3.0 on, whose port tells protocols apart, hangs up on what it does not speak.
    createSocketServer((socket) => {
      socket.once('data', (greeting) => {
        if (greeting[0] === 0x16) return void socket.destroy();
        asked.push('rude');
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nrude');
      });
    }).listen(2379, rudely),
  );
});
afterEach(() => {
  presentToEtcd(null);
  asked = [];
});
afterAll(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))));

const said = async (address: string) =>
  (await exchangeWithEtcd({ address, method: 'POST', path: '/a', body: 'b', timeoutMs: 3_000 })).body;

describe('an agent', () => {
  test('without a certificate speaks HTTP, and TLS with one', async () => {
    expect(await said(plainly)).toBe('plain');
    await expect(said(securely)).rejects.toThrow(securely);
    presentToEtcd(identity);
    expect(await said(securely)).toBe('tls');
  });

  test('with a certificate says nothing in the clear, whatever answers', async () => {
    presentToEtcd(identity);
    for (const address of [plainly, rudely]) await expect(said(address)).rejects.toThrow(`https://${address}`);
    expect(asked).toEqual([]);
  });

  test('of a cluster on its way speaks TLS to whoever does, HTTP to the others, and asks each once', async () => {
    presentToEtcd(identity, true);
    expect(await said(securely)).toBe('tls');
    expect(await said(plainly)).toBe('plain');
    expect(await said(rudely)).toBe('rude');
    expect(asked).toEqual(['tls /a', 'plain /a', 'rude']);
  });

  test('of a cluster on its way tells of a member that is down, and of one that does not take its certificate', async () => {
    presentToEtcd(identity, true);
    await expect(said(nobody)).rejects.toThrow('ECONNREFUSED');
    presentToEtcd(stranger, true);
    await expect(said(securely)).rejects.toThrow();
    expect(asked).toEqual([]);
  });
});
