/** Reads PKCS #10 requests: what is in them as plain facts, for tasks/plan/csr.ts to judge. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { CsrFacts } from '../plan/csr.ts';
import { ExtensionsAttribute, Pkcs10CertificateRequest } from './library.ts';

export interface Csr {
  readonly facts: CsrFacts;
  /** SubjectPublicKeyInfo, DER, as OpenSSL writes it: never the requester's own encoding. */
  readonly publicKey: Buffer;
}

const pemBlock =
  /^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/;

/** Null where the text is not the PEM of one PKCS #10 request with a key. */
export function readCsr(pem: string): Csr | null {
  const base64 = pemBlock.exec(pem)?.[1];
  if (base64 === undefined) return null;
  try {
    return csrFrom(Buffer.from(base64, 'base64'));
  } catch {
    // The library throws of many kinds, each of them about what it was given.
    return null;
  }
}

function csrFrom(der: Buffer): Csr | null {
  const parts = partsOf(der);
  if (parts === null) return null;
  const request = new Pkcs10CertificateRequest(Uint8Array.from(der));
  const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
  const signature = signatureIn(parts.rest);
  const signatureAlgorithm = algorithmOf(request);
  // What the library reads as ECDSA and is not written as DER has it is nobody's request.
  if (signature === null && signatureAlgorithm === ecdsaWithSha256.name) return null;
  return {
    publicKey: key.export({ format: 'der', type: 'spki' }),
    facts: {
      isVersion1: parts.isVersion1,
      subject: request.subjectName
        .toJSON()
        .flatMap((relative) =>
          Object.entries(relative).flatMap(([type, values]) => values.map((value) => ({ type, value: String(value) }))),
        ),
      attributes: attributesOf(request),
      curve: curveOf(key),
      signatureAlgorithm,
      signatureValid: signature !== null && isSigned(parts.information, key, signature),
    },
  };
}

interface Parts {
  /** What is signed, with its tag and length. */
  readonly information: Buffer;
  readonly isVersion1: boolean;
  /** Algorithm and signature. */
  readonly rest: Buffer;
}

/** Null where it is not one sequence that begins with another and has nothing after it. */
function partsOf(der: Buffer): Parts | null {
  const outer = sequenceAt(der);
  if (outer === null || outer.end !== der.length) return null;
  const inside = der.subarray(outer.start);
  const information = sequenceAt(inside);
  if (information === null) return null;
  const { start, end } = information;
  // The library does not tell the version: its number, 0, is the first thing in what is signed.
  const isVersion1 = inside.subarray(start, start + 3).equals(Buffer.from([0x02, 0x01, 0x00]));
  return { information: inside.subarray(0, end), isVersion1, rest: inside.subarray(end) };
}

/** Where its content starts and ends (X.690, 8.1.3, lengths of up to two octets); null where there is none. */
function sequenceAt(der: Buffer): { start: number; end: number } | null {
  const [tag, first = 0] = der;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  const start = 2 + octets;
  if (tag !== 0x30 || octets > 2 || first === 0x80 || der.length < start) return null;
  const end = start + (octets === 0 ? first : der.readUIntBE(2, octets));
  return end <= der.length ? { start, end } : null;
}

/** As the library names it, and its DER (RFC 5758, 3.2). */
const ecdsaWithSha256 = { name: 'ECDSA SHA-256', der: Buffer.from('300a06082a8648ce3d040302', 'hex') } as const;

/** The signature after that algorithm: a bit string of fewer than 128 octets without unused bits. Null where it is another. */
function signatureIn(rest: Buffer): Buffer | null {
  const { der } = ecdsaWithSha256;
  if (!rest.subarray(0, der.length).equals(der)) return null;
  const bits = rest.subarray(der.length);
  return bits[0] === 0x03 && bits[1] === bits.length - 2 && bits[2] === 0x00 ? bits.subarray(3) : null;
}

/** `ECDSA SHA-256` */
function algorithmOf({ signatureAlgorithm: { name, hash } }: Pkcs10CertificateRequest): string {
  return `${name} ${typeof hash === 'string' ? hash : hash?.name}`;
}

/** OpenSSL takes a signature only as DER has it. */
function isSigned(information: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify('sha256', information, key, signature);
  } catch {
    return false;
  }
}

function curveOf(key: KeyObject): string | null {
  return key.asymmetricKeyType === 'ec' ? (key.asymmetricKeyDetails?.namedCurve ?? null) : null;
}

/** Extensions that are asked for come as one attribute (RFC 2985, 5.4.2): each is named for itself. */
function attributesOf(request: Pkcs10CertificateRequest): string[] {
  return request.attributes.flatMap((attribute) => {
    if (!(attribute instanceof ExtensionsAttribute)) return [names[attribute.type] ?? attribute.type];
    const extensions = attribute.items.map(({ type }) => names[type] ?? type);
    return extensions.length === 0 ? ['extensionRequest'] : extensions;
  });
}

/** Of those that tools put into requests (RFC 5280, 4.2.1; RFC 2985, 5.4). */
const names: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.9.2': 'unstructuredName',
  '1.2.840.113549.1.9.7': 'challengePassword',
  '1.2.840.113549.1.9.14': 'extensionRequest',
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.30': 'nameConstraints',
  '2.5.29.32': 'certificatePolicies',
  '2.5.29.37': 'extendedKeyUsage',
};
