/** A refusal of the certificate signer. Pure. */
import type { CertificateRefusal } from '#etcd/certificates.ts';

export type Refused = CertificateRefusal;

export function isRefused(judged: object): judged is Refused {
  return 'refused' in judged;
}
