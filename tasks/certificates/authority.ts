/**
 * The cluster's certificate authority: its key is in KMS and never leaves it, its certificate is in the record's table, in a
 * partition that the signer alone may write.
 */
import type { CertificateAuthority } from '#etcd/authorityRecord.ts';
import { replaceAuthority } from '../aws/authorityRecord.ts';
import { type AuthorityKey, issuing, type KnownAuthority } from '../plan/authority.ts';
import { newAuthority, notEnded, readAuthorities } from './knownAuthorities.ts';

export interface Authority {
  /** PEM of the certificate that issues, and ARN of its key. */
  readonly certificate: string;
  readonly keyArn: string;
  /** PEM of all that are to be trusted, that one first. */
  readonly trusted: readonly string[];
  /** ARNs of the keys of those. */
  readonly trustedKeys: readonly string[];
}

export interface AuthorityOptions {
  readonly cluster: string;
  /** Oldest first: where there is no authority yet, it becomes that of the newest. */
  readonly keys: readonly AuthorityKey[];
  /** Lifetime of what it signs. */
  readonly days: number;
}

/** Somebody else may write the record at the same time. */
export const mostTries = 5;

/** The authority; made where there is none, or where its certificate would soon end. */
export async function openAuthority({ cluster, keys, days }: AuthorityOptions): Promise<Authority> {
  for (let attempt = 0; attempt < mostTries; attempt++) {
    const { record, known } = await readAuthorities(keys);
    const nowMs = Date.now();
    const found = issuing(known, keys, nowMs, days);
    if ('use' in found) return authorityOf(found.use, notEnded(known, nowMs));
    const made = await newAuthority(cluster, found.make);
    await replaceAuthority(record, [made, ...notEnded(known, nowMs).map(asRecorded)]);
  }
  throw new Error(`the record of the certificate authority was changed by others ${mostTries} times in a row`);
}

export function asRecorded({ certificate, keyArn, generation, madeAt }: CertificateAuthority): CertificateAuthority {
  return { certificate, keyArn, generation, madeAt };
}

function authorityOf(issuer: KnownAuthority, known: readonly KnownAuthority[]): Authority {
  const trusted = [issuer, ...known.filter((one) => one !== issuer)];
  return {
    certificate: issuer.certificate,
    keyArn: issuer.keyArn,
    trusted: trusted.map(({ certificate }) => certificate),
    trustedKeys: [...new Set(trusted.map(({ keyArn }) => keyArn))],
  };
}
