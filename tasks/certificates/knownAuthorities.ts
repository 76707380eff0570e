/** The CA certificates that the record has, each looked at again: it counts where it is the self-signed one of its key in KMS. */
import { X509Certificate } from 'node:crypto';
import type { CertificateAuthority, CertificateAuthorityRecord } from '#etcd/authorityRecord.ts';
import { readAuthority } from '../aws/authorityRecord.ts';
import { publicKeyOf, signWith } from '../aws/keys.ts';
import { type AuthorityKey, type KnownAuthority, withoutKey } from '../plan/authority.ts';
import { authorityContents } from '../plan/certificateContents.ts';
import { makeCertificate } from './certificate.ts';

export interface KnownAuthorities {
  /** As it was read; null before the first one was made. */
  readonly record: CertificateAuthorityRecord | null;
  /** The one that signs first, with those that have ended. */
  readonly known: readonly KnownAuthority[];
}

/**
 * @param keys of the deployment
 * @throws Error where one of a key is trusted that the deployment does not have: to leave it out would cut members off
 */
export async function readAuthorities(keys: readonly AuthorityKey[]): Promise<KnownAuthorities> {
  const record = await readAuthority();
  const listed = record?.certificates ?? [];
  const parsed = listed.map(selfSigned).filter((one) => one !== null);
  const missing = withoutKey(notEnded(parsed, Date.now()), keys).map(({ generation }) => generation);
  if (missing.length > 0)
    throw new Error(
      `members trust the certificate authority of generation ${missing.join(', ')}, whose key this deployment does not have: deploy with a certificateAuthorityGeneration that keeps it`,
    );
  const ofKeys = parsed.filter(({ keyArn }) => keys.some(({ arn }) => arn === keyArn));
  const judged = await Promise.all(ofKeys.map((one) => isOfItsKey(one)));
  const known = ofKeys.filter((_, index) => judged[index]);
  if (known.length < listed.length)
    console.log(JSON.stringify({ leftOut: listed.length - known.length, why: 'ended, or not of its key' }));
  return { record, known };
}

export function notEnded(known: readonly KnownAuthority[], nowMs: number): readonly KnownAuthority[] {
  return known.filter(({ endsAtMs }) => endsAtMs > nowMs);
}

/** A certificate of that key, for itself. */
export async function newAuthority(cluster: string, { arn, generation }: AuthorityKey): Promise<CertificateAuthority> {
  const nowMs = Date.now();
  const contents = authorityContents(cluster, generation, nowMs);
  const sign = (message: Uint8Array) => signWith(arn, message);
  const { pem } = await makeCertificate(contents, await publicKeyOf(arn), null, sign);
  return { certificate: pem, keyArn: arn, generation, madeAt: new Date(nowMs).toISOString() };
}

function selfSigned(authority: CertificateAuthority): KnownAuthority | null {
  try {
    const certificate = new X509Certificate(authority.certificate);
    if (!certificate.ca || !certificate.verify(certificate.publicKey)) return null;
    const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    return { ...authority, fingerprint, endsAtMs: Date.parse(certificate.validTo) };
  } catch {
    return null;
  }
}

async function isOfItsKey({ certificate, keyArn }: KnownAuthority): Promise<boolean> {
  const own = new X509Certificate(certificate).publicKey.export({ format: 'der', type: 'spki' });
  return own.equals(await publicKeyOf(keyArn));
}
