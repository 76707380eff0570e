/** What a certificate signing request may ask for: a certificate of its key, and nothing else. Pure. */
import type { CertificateUse } from '#etcd/certificates.ts';
import type { Refused } from './certificateRefusal.ts';

/** What is in a PKCS #10 request (RFC 2986). */
export interface CsrFacts {
  /** The only version there is. */
  readonly isVersion1: boolean;
  /** The attributes of the subject, in order. */
  readonly subject: readonly { readonly type: string; readonly value: string }[];
  /** Named as people know them, or by OID: `extendedKeyUsage` where an extension is asked for, `challengePassword`, ... */
  readonly attributes: readonly string[];
  /** Name of the curve as OpenSSL has it; null where the key is of another kind. */
  readonly curve: string | null;
  /** Of the signature and its hash: `ECDSA SHA-256`. */
  readonly signatureAlgorithm: string;
  /** Whether it was signed by the key that is in it. */
  readonly signatureValid: boolean;
}

const ecdsaWithSha256 = 'ECDSA SHA-256';
/** P-256, also named secp256r1 */
const p256 = 'prime256v1';

/**
 * @param facts null where it is no PKCS #10 request
 * @returns null where it may be signed
 */
export function judgeCsr(use: CertificateUse, facts: CsrFacts | null, instanceId: string): Refused | null {
  const request = `the request for ${use}`;
  if (facts === null) return { refused: 'malformedCsr', why: `${request} is not the PEM of one PKCS #10 request` };
  const { isVersion1, subject, attributes, curve, signatureAlgorithm, signatureValid } = facts;
  if (!isVersion1) return { refused: 'malformedCsr', why: `${request} is not of version 1` };
  if (curve !== p256) return { refused: 'wrongKey', why: `the key of ${request} is not on P-256` };
  if (signatureAlgorithm !== ecdsaWithSha256)
    return { refused: 'wrongKey', why: `${request} is not signed with ECDSA and SHA-256` };
  if (!signatureValid) return { refused: 'wrongSignature', why: `${request} is not signed by its own key` };
  const [attribute] = attributes;
  if (attribute !== undefined)
    return { refused: 'asksForMore', why: `${request} asks for ${shown(attribute)}, which is not for it to say` };
  if (!isPlain(subject, instanceId))
    return {
      refused: 'asksForMore',
      why: `${request} asks for the subject ${shown(subject.map(({ type, value }) => `${type}=${value}`).join(', '))}; allowed: none, or CN=${instanceId}`,
    };
  return null;
}

function isPlain(subject: CsrFacts['subject'], instanceId: string): boolean {
  if (subject.length === 0) return true;
  return subject.length === 1 && subject[0]?.type === 'CN' && subject[0].value === instanceId;
}

const longestShown = 100;

/** It comes from outside and goes into answers, logs and the record. */
function shown(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x7e]/g, '?');
  return printable.length > longestShown ? `${printable.slice(0, longestShown)}...` : printable;
}
