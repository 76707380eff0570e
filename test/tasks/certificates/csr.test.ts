/** Requests as tools make them, and what is left of them when somebody breaks them. */
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { certificateRequest } from '../../../agent/machine/csr.ts';
import { readCsr } from '../../../tasks/certificates/csr.ts';
import {
  BasicConstraintsExtension,
  ChallengePasswordAttribute,
  type Extension,
  ExtensionsAttribute,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '../../../tasks/certificates/library.ts';
import { judgeCsr } from '../../../tasks/plan/csr.ts';

const id = 'i-0123456789abcdef0';
const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

interface Asked {
  readonly name?: string;
  readonly algorithm?: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams | { name: 'Ed25519' };
  readonly hash?: string;
  readonly extensions?: Extension[];
  readonly challenge?: string;
}

async function made({ name = '', algorithm = p256, hash, extensions = [], challenge }: Asked): Promise<string> {
  const keys = (await webcrypto.subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, true, [
    'sign',
    'verify',
  ])) as unknown as CryptoKeyPair;
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      name,
      keys,
      signingAlgorithm: { ...algorithm, ...(hash && { hash }) } as EcdsaParams,
      extensions,
      ...(challenge !== undefined && { attributes: [new ChallengePasswordAttribute(challenge)] }),
    },
    webcrypto as Crypto,
  );
  return request.toString('pem');
}

const judged = async (pem: string) => {
  const csr = readCsr(pem);
  return judgeCsr('server', csr?.facts ?? null, id);
};

describe('a request of the agent', () => {
  test('may be signed, and its key is the one that it was made with', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pem = certificateRequest(privateKey);
    expect(await judged(pem)).toBeNull();
    expect(readCsr(pem)?.publicKey.equals(publicKey.export({ type: 'spki', format: 'der' }))).toBe(true);
  });
});

describe('a request of another tool', () => {
  test.each<[string, Asked]>([
    ['nothing', {}],
    ['the instance', { name: `CN=${id}` }],
  ])('with %s in its subject may be signed', async (_what, asked) => {
    expect(await judged(await made(asked))).toBeNull();
  });

  test.each<[string, string, Asked]>([
    [
      'asksForMore',
      'subjectAltName',
      { extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'x' }])] },
    ],
    ['asksForMore', 'basicConstraints', { extensions: [new BasicConstraintsExtension(true, 3, true)] }],
    ['asksForMore', 'challengePassword', { challenge: 'secret' }],
    ['asksForMore', 'CN=root', { name: 'CN=root' }],
    ['asksForMore', 'O=system:masters', { name: `CN=${id}, O=system:masters` }],
    ['wrongKey', 'P-256', { algorithm: { name: 'ECDSA', namedCurve: 'P-384' }, hash: 'SHA-256' }],
    ['wrongKey', 'P-256', { algorithm: { name: 'Ed25519' } }],
    [
      'wrongKey',
      'P-256',
      {
        algorithm: {
          name: 'RSASSA-PKCS1-v1_5',
          modulusLength: 2048,
          publicExponent: new Uint8Array([1, 0, 1]),
          hash: 'SHA-256',
        },
      },
    ],
    ['wrongKey', 'SHA-256', { hash: 'SHA-384' }],
  ])('is refused as %s, naming %s', async (refused, why, asked) => {
    expect(await judged(await made(asked))).toEqual({ refused, why: expect.stringContaining(why) });
  });

  test('with an attribute for extensions and none in it is refused too', async () => {
    const keys = await webcrypto.subtle.generateKey(p256, true, ['sign', 'verify']);
    const request = await Pkcs10CertificateRequestGenerator.create(
      { keys: keys as CryptoKeyPair, signingAlgorithm: p256, attributes: [new ExtensionsAttribute([])] },
      webcrypto as Crypto,
    );
    expect(await judged(request.toString('pem'))).toMatchObject({
      refused: 'asksForMore',
      why: expect.stringContaining('extensionRequest'),
    });
  });
});

describe('a broken request', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = certificateRequest(privateKey);
  const derOf = (text: string) => Buffer.from(text.replaceAll(/-----.*-----|\n/g, ''), 'base64');
  const der = derOf(pem);
  const wrapped = (bytes: Buffer, tag = 'CERTIFICATE REQUEST') =>
    `-----BEGIN ${tag}-----\n${bytes.toString('base64')}\n-----END ${tag}-----\n`;

  test.each([
    ['nothing', ''],
    ['text', 'a request'],
    ['two requests', `${pem}${pem}`],
    ['something before it', `x${pem}`],
    ['something behind it', `${pem}x`],
    ['a certificate', wrapped(der, 'CERTIFICATE')],
    ['a private key', String(privateKey.export({ type: 'pkcs8', format: 'pem' }))],
    ['bytes behind it', wrapped(Buffer.concat([der, Buffer.from([0])]))],
    ['too few bytes', wrapped(der.subarray(0, -1))],
    ['no bytes', wrapped(Buffer.alloc(0))],
    ['an endless length', wrapped(Buffer.from('3080', 'hex'))],
    ['a length of eight octets', wrapped(Buffer.from('3088ffffffffffffffff', 'hex'))],
    ['nesting', wrapped(Buffer.from(`3082${'0fff'}${'30'.repeat(0x0fff)}`, 'hex'))],
  ])('(%s) is none', async (_what, text) => {
    expect(await judged(text)).toMatchObject({ refused: 'malformedCsr' });
  });

  test('of another version is none', async () => {
    const at = der.indexOf(Buffer.from('020100', 'hex'));
    const other = Buffer.from(der);
    other[at + 2] = 1;
    expect(await judged(wrapped(other))).toMatchObject({
      refused: expect.stringMatching(/malformedCsr|wrongSignature/),
    });
  });

  test('with the signature of another key is refused', async () => {
    const other = derOf(certificateRequest(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey));
    // The point of the key follows the head of its bit string: 64 octets are exchanged.
    const head = Buffer.from('03420004', 'hex');
    const point = der.indexOf(head) + head.length;
    der.copy(other, other.indexOf(head) + head.length, point, point + 64);
    expect(await judged(wrapped(other))).toMatchObject({ refused: 'wrongSignature' });
  });

  test('in any octet is never signed', async () => {
    const broken = fc.tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
      const bytes = Buffer.from(der);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      return bytes;
    });
    await fc.assert(
      fc.asyncProperty(broken, async (bytes) => {
        expect(await judged(wrapped(bytes))).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  test('of any kind is refused and nothing else happens', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((octets) => wrapped(Buffer.from(octets)));
    const started = fc
      .tuple(fc.nat(der.length), fc.uint8Array({ maxLength: 60 }))
      .map(([length, rest]) => wrapped(Buffer.concat([der.subarray(0, length), Buffer.from(rest)])));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), bytes, started), async (text) => {
        const refusal = await judged(text);
        if (text !== pem) expect(refusal?.why.length ?? 0).toBeLessThan(300);
      }),
      { numRuns: 500 },
    );
  });
});
