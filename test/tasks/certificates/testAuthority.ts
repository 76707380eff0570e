/** Certificate authorities of a test: the product's own certificates, issued as no signer would, with a key that need not be in KMS. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { CertificateUse } from '#etcd/certificates.ts';
import { makeCertificate, type Sign } from '../../../tasks/certificates/certificate.ts';
import { authorityContents, type CertifiedInstance, contentsFor } from '../../../tasks/plan/certificateContents.ts';

/** Both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

export interface TestAuthority {
  /** PEM */
  readonly certificate: string;
  /** For seven days from then; absent: from now. */
  issue(use: CertificateUse, instance: CertifiedInstance, atMs?: number): Promise<KeyAndCertificate>;
}

const days = 7;

export async function createTestAuthority(): Promise<TestAuthority> {
  const { privateKey, publicKey } = newKey();
  const signWithIt = async (message: Uint8Array) => sign('sha256', message, privateKey);
  const { pem } = await makeCertificate(authorityContents('test', 1, Date.now()), spki(publicKey), null, signWithIt);
  return authorityOf(pem, signWithIt);
}

/** @param certificate PEM of the authority's own @param sign with its key */
export function authorityOf(certificate: string, sign: Sign): TestAuthority {
  return {
    certificate,
    async issue(use, instance, atMs = Date.now()) {
      const own = newKey();
      const contents = contentsFor(use, instance, atMs, days);
      const made = await makeCertificate(contents, spki(own.publicKey), certificate, sign);
      return { key: String(own.privateKey.export({ type: 'pkcs8', format: 'pem' })), certificate: made.pem };
    },
  };
}

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function spki(publicKey: ReturnType<typeof newKey>['publicKey']): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}
