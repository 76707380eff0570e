/** An instance's certificates: asked for, renewed at half of their life, and kept where the signer does not answer. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isRenewalDue } from '#etcd/certificates.ts';
import { type Certificates, createCertificates } from '../../../agent/duties/certificates.ts';
import { createTestAuthority, type TestAuthority } from '../../tasks/certificates/testAuthority.ts';

const dayMs = 86_400_000;
let folder: string;
let authority: TestAuthority;
let nowMs: number;
let asked: string[];
let refuses: { status: number; body: string } | null;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  authority = await createTestAuthority();
  nowMs = Date.now();
  asked = [];
  refuses = null;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function certificates(address = instance.address): Certificates {
  return createCertificates({
    folder: join(folder, 'tls'),
    signerArn: 'arn:aws:lambda:eu-west-1:123456789012:function:signer',
    address,
    aws: {
      nowMs: () => nowMs,
      functionUrl: async () => 'https://signer.example/',
      async invokeUrl(_url, body) {
        asked.push(body);
        return refuses ?? { status: 200, body: JSON.stringify(await answerTo(body)) };
      },
    },
    log: () => undefined,
  });
}

const instance = { instanceId: 'i-1', address: '10.0.0.1', domain: 'etcd.etcd.internal' };

/** Each use that was asked for, seven days from now. */
async function answerTo(body: string): Promise<object> {
  const { requests } = JSON.parse(body) as { requests: Record<string, string> };
  const issued = await Promise.all(
    Object.keys(requests).map(async (use) => {
      const { certificate } = await authority.issue(use as 'server', instance, nowMs);
      return [use, { certificate, serial: use, notBefore: '', notAfter: '' }] as const;
    }),
  );
  return { certificates: Object.fromEntries(issued), trusted: [authority.certificate] };
}

test('are asked for once, with keys of their own that nobody else reads', async () => {
  const own = certificates();
  expect(() => own.identity()).toThrow('no certificate as a client');
  expect(await own.ensure()).toBe(true);
  expect(await own.ensure()).toBe(false);
  expect(asked).toHaveLength(1);
  expect(Object.keys((JSON.parse(asked[0] ?? '') as { requests: object }).requests)).toEqual([
    'server',
    'peer',
    'client',
  ]);
  expect(asked[0]).not.toContain('PRIVATE KEY');
  for (const name of readdirSync(join(folder, 'tls')).filter((file) => file.endsWith('.key')))
    expect(statSync(join(folder, 'tls', name)).mode & 0o077).toBe(0);
  expect(own.identity()).toMatchObject({ authorities: authority.certificate });
  expect(own.serverSerial()).toMatch(/^[0-9A-F]+$/);
});

test('are renewed at half of their life, for the same keys', async () => {
  const own = certificates();
  await own.ensure();
  const before = { key: readFileSync(own.files.server.key, 'utf8'), serial: own.serverSerial() };
  nowMs += 3 * dayMs;
  expect(await own.ensure()).toBe(false);
  nowMs += dayMs;
  expect(await own.ensure()).toBe(true);
  expect(readFileSync(own.files.server.key, 'utf8')).toBe(before.key);
  expect(own.serverSerial()).not.toBe(before.serial);
});

test('that are valid are enough where the signer does not answer, and those that have ended are not', async () => {
  const own = certificates();
  await own.ensure();
  refuses = { status: 403, body: JSON.stringify({ refused: 'notInCluster', why: 'i-1 is not in the group' }) };
  nowMs += 5 * dayMs;
  expect(await own.ensure()).toBe(false);
  nowMs += 3 * dayMs;
  await expect(own.ensure()).rejects.toThrow('403 notInCluster: i-1 is not in the group');
  refuses = null;
  expect(await own.ensure()).toBe(true);
});

test('that came with the disk of another instance are not used, nor are its keys', async () => {
  const own = certificates();
  await own.ensure();
  const before = readFileSync(own.files.server.key, 'utf8');
  await certificates('10.0.0.2').ensure();
  expect(readFileSync(own.files.server.key, 'utf8')).not.toBe(before);
});

test('an agent that was killed in the middle asks again', async () => {
  await certificates().ensure();
  rmSync(join(folder, 'tls', 'peer.crt'));
  expect(await certificates().ensure()).toBe(true);
});

test('are due exactly from the middle of their life on', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 2, max: 1e9 }), fc.nat(), (notBeforeMs, lifeMs, sinceMs) => {
      const validity = { notBeforeMs, notAfterMs: notBeforeMs + lifeMs };
      expect(isRenewalDue(validity, notBeforeMs + sinceMs)).toBe(sinceMs >= lifeMs / 2);
    }),
  );
});
