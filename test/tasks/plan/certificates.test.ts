/** What may be signed for whom. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { certificateUses } from '#etcd/certificates.ts';
import { authorityContents, contentsFor, isLongEnough } from '../../../tasks/plan/certificateContents.ts';
import { type DescribedGroup, type DescribedInstance, judgeInstance } from '../../../tasks/plan/certificateInstance.ts';
import { type CsrFacts, judgeCsr } from '../../../tasks/plan/csr.ts';

const id = 'i-0123456789abcdef0';

describe('a signing request', () => {
  const good: CsrFacts = {
    isVersion1: true,
    subject: [],
    attributes: [],
    curve: 'prime256v1',
    signatureAlgorithm: 'ECDSA SHA-256',
    signatureValid: true,
  };
  const cn = (value: string) => ({ type: 'CN', value });

  test('may have no subject, or the instance as its common name', () => {
    for (const use of certificateUses) {
      expect(judgeCsr(use, good, id)).toBeNull();
      expect(judgeCsr(use, { ...good, subject: [cn(id)] }, id)).toBeNull();
    }
  });

  test.each<[string, string, CsrFacts | null]>([
    ['malformedCsr', 'PKCS #10', null],
    ['malformedCsr', 'version 1', { ...good, isVersion1: false }],
    ['wrongKey', 'P-256', { ...good, curve: null }],
    ['wrongKey', 'P-256', { ...good, curve: 'secp384r1' }],
    ['wrongKey', 'P-256', { ...good, curve: 'secp256k1' }],
    ['wrongKey', 'SHA-256', { ...good, signatureAlgorithm: 'ECDSA SHA-1' }],
    ['wrongKey', 'SHA-256', { ...good, signatureAlgorithm: 'RSASSA-PKCS1-v1_5 SHA-256' }],
    ['wrongSignature', 'own key', { ...good, signatureValid: false }],
    ['asksForMore', 'subjectAltName', { ...good, attributes: ['subjectAltName'] }],
    ['asksForMore', 'basicConstraints', { ...good, attributes: ['basicConstraints', 'keyUsage'] }],
    ['asksForMore', '1.2.3.4', { ...good, attributes: ['1.2.3.4'] }],
    ['asksForMore', 'CN=root', { ...good, subject: [cn('root')] }],
    ['asksForMore', 'CN=i-0', { ...good, subject: [cn(`${id}0`)] }],
    ['asksForMore', `CN=${id}, O=system`, { ...good, subject: [cn(id), { type: 'O', value: 'system' }] }],
    ['asksForMore', `CN=${id}, CN=${id}`, { ...good, subject: [cn(id), cn(id)] }],
    ['asksForMore', 'O=i-0', { ...good, subject: [{ type: 'O', value: id }] }],
  ])('is refused as %s, naming %s', (refused, why, facts) => {
    expect(judgeCsr('peer', facts, id)).toEqual({ refused, why: expect.stringContaining(why) });
    expect(judgeCsr('peer', facts, id)?.why).toContain('peer');
  });

  test('is not repeated as it came: printable, and not at length', () => {
    const refusal = judgeCsr('server', { ...good, subject: [cn(`\u001b[2J\n${'x'.repeat(5_000)}`)] }, id);
    expect(refusal?.why).toMatch(/^[\x20-\x7e]{1,250}$/);
  });
});

describe('an instance', () => {
  const running: DescribedInstance = {
    state: 'running',
    address: '10.42.0.7',
    tags: { 'etcd-appliance:cluster': 'etcd', 'aws:autoscaling:groupName': 'members' },
  };
  const group: DescribedGroup = { tags: { 'etcd-appliance:cluster': 'etcd' }, instanceIds: ['i-1', id] };

  test('of the cluster that runs has an address', () => {
    expect(judgeInstance(id, 'etcd', running, group)).toEqual({ address: '10.42.0.7' });
  });

  test.each<[string, string, DescribedInstance | null, DescribedGroup | null]>([
    ['notRunning', 'does not know', null, group],
    ...['pending', 'shutting-down', 'terminated', 'stopping', 'stopped', ''].map(
      (state) =>
        ['notRunning', state, { ...running, state }, group] as [string, string, DescribedInstance, DescribedGroup],
    ),
    ['notRunning', 'IPv4', { ...running, address: null }, group],
    ['notRunning', 'IPv4', { ...running, address: '*.example.org' }, group],
    ['notInCluster', 'not tagged', { ...running, tags: {} }, group],
    ['notInCluster', 'not tagged', { ...running, tags: { 'etcd-appliance:cluster': 'other' } }, group],
    ['notInCluster', 'not in the Auto Scaling group', running, null],
    ['notInCluster', 'not in the Auto Scaling group', running, { ...group, instanceIds: ['i-1'] }],
    ['notInCluster', 'not in the Auto Scaling group', running, { ...group, tags: {} }],
    ['notInCluster', 'not in the Auto Scaling group', running, { ...group, tags: { 'etcd-appliance:cluster': 'x' } }],
  ])('is refused as %s: %s', (refused, why, instance, of) => {
    expect(judgeInstance(id, 'etcd', instance, of)).toEqual({ refused, why: expect.stringContaining(why) });
  });
});

describe('a certificate', () => {
  const instance = { instanceId: id, address: '10.42.0.7', domain: 'etcd.etcd.internal' };
  const now = Date.UTC(2026, 10, 25);

  test('of a server has the address, the own name and the domain, no common name, and is for both ends', () => {
    expect(contentsFor('server', instance, now, 7)).toEqual({
      commonName: null,
      dnsNames: [`${id}.etcd.etcd.internal`, 'etcd.etcd.internal'],
      addresses: ['10.42.0.7'],
      extendedKeyUsage: ['serverAuth', 'clientAuth'],
      ca: false,
      notBeforeMs: now - 300_000,
      notAfterMs: now + 7 * 86_400_000,
    });
  });

  test('of a peer has the address and the own name, and the common name that the peer port asks for', () => {
    expect(contentsFor('peer', instance, now, 7)).toMatchObject({
      commonName: 'etcd-appliance-peer',
      dnsNames: [`${id}.etcd.etcd.internal`],
      addresses: ['10.42.0.7'],
      extendedKeyUsage: ['serverAuth', 'clientAuth'],
    });
  });

  test('of a peer on loopback has the source of its connections too', () => {
    const addresses = (address: string) => contentsFor('peer', { ...instance, address }, now, 7).addresses;
    expect(addresses('127.20.1.10')).toEqual(['127.20.1.10', '127.0.0.1']);
    expect(addresses('127.0.0.1')).toEqual(['127.0.0.1']);
  });

  test('of a client has no names, and is for clients alone', () => {
    expect(contentsFor('client', instance, now, 7)).toMatchObject({
      commonName: 'etcd-appliance-agent',
      dnsNames: [],
      addresses: [],
      extendedKeyUsage: ['clientAuth'],
    });
  });

  test('is no CA, and lives from a little before now for the days that were set, whatever the use', () => {
    fc.assert(
      fc.property(fc.constantFrom(...certificateUses), fc.integer({ min: 1, max: 90 }), (use, days) => {
        const { ca, notBeforeMs, notAfterMs, addresses } = contentsFor(use, instance, now, days);
        expect([ca, notBeforeMs < now, notAfterMs - now]).toEqual([false, true, days * 86_400_000]);
        expect(addresses.every((address) => address === instance.address)).toBe(true);
      }),
    );
  });

  test('of the authority names the cluster and lives ten years', () => {
    const { commonName, ca, notAfterMs } = authorityContents('etcd', 1, now);
    expect([commonName, ca]).toEqual(['etcd etcd certificate authority', true]);
    expect(new Date(notAfterMs).getUTCFullYear()).toBe(2036);
    expect(isLongEnough(notAfterMs, now, 90)).toBe(true);
    expect(isLongEnough(now + 37 * 86_400_000, now, 7)).toBe(false);
    expect(isLongEnough(now + 37 * 86_400_000 + 1, now, 7)).toBe(true);
  });
});
