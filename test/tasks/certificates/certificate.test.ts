/** Certificates as OpenSSL and a TLS handshake see them. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withoutDer } from '../../../tasks/certificates/certificate.ts';
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testAuthority.ts';

const instance = { instanceId: 'i-0123456789abcdef0', address: '127.0.0.1', domain: 'etcd.etcd.internal' };

let authority: TestAuthority;
let server: KeyAndCertificate;
let client: KeyAndCertificate;
beforeAll(async () => {
  authority = await createTestAuthority();
  server = await authority.issue('server', instance);
  client = await authority.issue('client', instance);
});

describe('the certificate of the authority', () => {
  test('is a CA’s, for nothing but certificates, signed by itself', () => {
    const root = new X509Certificate(authority.certificate);
    expect([root.ca, root.subject, root.issuer]).toEqual([true, root.issuer, 'CN=etcd test certificate authority']);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.keyUsage).toBeUndefined();
  });
});

describe('a certificate', () => {
  test('is issued by the authority, for its own key', () => {
    const root = new X509Certificate(authority.certificate);
    for (const { certificate, key } of [server, client]) {
      const leaf = new X509Certificate(certificate);
      expect([leaf.checkIssued(root), leaf.verify(root.publicKey), leaf.ca]).toEqual([true, true, false]);
      expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
    }
  });

  test('has the names that were decided', () => {
    const leaf = new X509Certificate(server.certificate);
    expect(leaf.subject ?? '').toBe('');
    expect(leaf.subjectAltName).toBe(
      'DNS:i-0123456789abcdef0.etcd.etcd.internal, DNS:etcd.etcd.internal, IP Address:127.0.0.1',
    );
    // `keyUsage` is what Node calls the extended key usage.
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(new X509Certificate(client.certificate).subject).toBe('CN=etcd-appliance-agent');
  });

  test('has a random serial number of its own', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => authority.issue('client', instance)));
    const serials = made.map(({ certificate }) => new X509Certificate(certificate).serialNumber);
    expect(new Set(serials).size).toBe(20);
    for (const serial of serials) expect(serial).toMatch(/^[0-9A-F]{26,32}$/);
  });
});

describe('a handshake', () => {
  async function handshake(ca: string, shown: KeyAndCertificate | null): Promise<TLSSocket> {
    const listening = createServer(
      { key: server.key, cert: server.certificate, ca, requestCert: true, rejectUnauthorized: true },
      (socket) => socket.end('served'),
    );
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const { port } = listening.address() as AddressInfo;
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: authority.certificate,
      ...(shown !== null && { key: shown.key, cert: shown.certificate }),
    });
    try {
      // With TLS 1.3 a client learns after its own part of the handshake that it was refused, by an alert or by the end.
      const ended = once(socket, 'close').then(() => Promise.reject(new Error('closed')));
      const [data] = await Promise.race([once(socket, 'data'), ended]);
      expect(String(data)).toBe('served');
      return socket;
    } finally {
      socket.destroy();
      listening.close();
    }
  }

  test('succeeds between the two, each verified by the other', async () => {
    expect((await handshake(authority.certificate, client)).authorized).toBe(true);
  });

  test('fails without a certificate, with one of another authority, and with one that has ended', async () => {
    const other = await createTestAuthority();
    const ended = await authority.issue('client', instance, Date.now() - 8 * 86_400_000);
    await expect(handshake(authority.certificate, null)).rejects.toThrow();
    await expect(handshake(authority.certificate, await other.issue('client', instance))).rejects.toThrow();
    await expect(handshake(authority.certificate, ended)).rejects.toThrow();
  });
});

test('signatures lose their DER and nothing else', () => {
  const scalar = fc.bigInt({ min: 1n, max: 2n ** 256n - 1n });
  const integer = (value: bigint) => {
    const hex = value.toString(16);
    const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
    const positive = (octets[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), octets]) : octets;
    return Buffer.concat([Buffer.from([2, positive.length]), positive]);
  };
  fc.assert(
    fc.property(scalar, scalar, (r, s) => {
      const content = Buffer.concat([integer(r), integer(s)]);
      const plain = withoutDer(Buffer.concat([Buffer.from([0x30, content.length]), content]));
      expect([plain.subarray(0, 32), plain.subarray(32)].map((half) => BigInt(`0x${half.toString('hex')}`))).toEqual([
        r,
        s,
      ]);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
      try {
        expect(withoutDer(octets)).toHaveLength(64);
      } catch (error) {
        expect((error as Error).message).toContain('not the DER');
      }
    }),
  );
});
