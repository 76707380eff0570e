/**
 * Makes X.509 certificates (RFC 5280) of keys on P-256, signed with ECDSA and SHA-256 by whoever holds the issuer's key: KMS, or
 * a key of a test.
 */
import { webcrypto } from 'node:crypto';
import type { CertificateContents } from '../plan/certificateContents.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from './library.ts';

/** @returns DER of the `Ecdsa-Sig-Value` (RFC 3279, 2.2.3) of the SHA-256 of the message */
export type Sign = (message: Uint8Array) => Promise<Uint8Array>;

export interface Made {
  readonly pem: string;
  /** Hex. */
  readonly serial: string;
  /** ISO 8601 */
  readonly notBefore: string;
  /** ISO 8601 */
  readonly notAfter: string;
}

const crypto = webcrypto as Crypto;
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * @param publicKey SubjectPublicKeyInfo, DER
 * @param issuer PEM of the CA's certificate; null: it is the CA's own
 * @param sign with the issuer's key
 */
export async function makeCertificate(
  contents: CertificateContents,
  publicKey: Uint8Array,
  issuer: string | null,
  sign: Sign,
): Promise<Made> {
  const subject = new Name(contents.commonName === null ? [] : [{ CN: [contents.commonName] }]);
  const authority = issuer === null ? null : new X509Certificate(issuer);
  const key = new PublicKey(Uint8Array.from(publicKey));
  const made = await X509CertificateGenerator.create(
    {
      serialNumber: randomSerial(),
      subject,
      issuer: authority?.subjectName ?? subject,
      notBefore: new Date(contents.notBeforeMs),
      notAfter: new Date(contents.notAfterMs),
      publicKey: key,
      signingKey: { algorithm: ecdsa, type: 'private', extractable: false, usages: ['sign'] },
      signingAlgorithm: ecdsa,
      extensions: await extensionsOf(contents, key, authority),
    },
    signingCrypto(sign),
  );
  return {
    pem: `${made.toString('pem').trim()}\n`,
    serial: made.serialNumber,
    notBefore: made.notBefore.toISOString(),
    notAfter: made.notAfter.toISOString(),
  };
}

async function extensionsOf(
  { ca, commonName, dnsNames, addresses, extendedKeyUsage }: CertificateContents,
  publicKey: PublicKey,
  authority: X509Certificate | null,
): Promise<Extension[]> {
  const own = await SubjectKeyIdentifierExtension.create(publicKey, false, crypto);
  const alternatives = [
    ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
    ...addresses.map((value) => ({ type: 'ip', value }) as const),
  ];
  const usages = ca ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature;
  return [
    // Path length 0: what it signs signs no others.
    new BasicConstraintsExtension(ca, ca ? 0 : undefined, true),
    new KeyUsagesExtension(usages, true),
    ...(extendedKeyUsage.length > 0
      ? [new ExtendedKeyUsageExtension(extendedKeyUsage.map((usage) => ExtendedKeyUsage[usage]))]
      : []),
    // Critical where the subject is empty (RFC 5280, 4.2.1.6).
    ...(alternatives.length > 0 ? [new SubjectAlternativeNameExtension(alternatives, commonName === null)] : []),
    own,
    ...(authority === null ? [] : [await AuthorityKeyIdentifierExtension.create(authority.publicKey, false, crypto)]),
  ];
}

const serialBytes = 16;

/** 128 random bits; the generator puts a zero octet before a number that would be negative. */
function randomSerial(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(serialBytes))).toString('hex');
}

/** For the generator, which takes signatures as WebCrypto makes them. */
function signingCrypto(sign: Sign): Crypto {
  const subtle = {
    sign: async (_algorithm: unknown, _key: unknown, message: ArrayBuffer) =>
      Uint8Array.from(withoutDer(await sign(new Uint8Array(message)))).buffer,
  };
  return { ...crypto, subtle: subtle as unknown as SubtleCrypto };
}

const scalarBytes = 32;

/** `Ecdsa-Sig-Value` -> r and s of 32 octets each (IEEE P1363). */
export function withoutDer(signature: Uint8Array): Buffer {
  const der = Buffer.from(signature);
  const r = integerAt(der, 2);
  const s = integerAt(der, r.end);
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || s.end !== der.length)
    throw new Error('the signature is not the DER of two integers');
  return Buffer.concat([r.octets, s.octets]);
}

function integerAt(der: Buffer, at: number): { octets: Buffer; end: number } {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  const digits = der.subarray(at + 2, end);
  const significant = digits[0] === 0 ? digits.subarray(1) : digits;
  if (der[at] !== 0x02 || digits.length !== length || significant.length > scalarBytes)
    throw new Error('the signature is not the DER of two integers');
  return { octets: Buffer.concat([Buffer.alloc(scalarBytes - significant.length), significant]), end };
}
