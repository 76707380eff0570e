/** A certificate for a client of etcd, by an operator's wish. */
import type { IssuedCertificate } from '#etcd/certificates.ts';
import { noteClient } from '../aws/authorityRecord.ts';
import { audit } from '../aws/record.ts';
import { isRefused, type Refused } from '../plan/certificateRefusal.ts';
import { clientContents, judgeClient } from '../plan/clientCertificate.ts';
import { judgeCsr } from '../plan/csr.ts';
import { makeCertificate } from './certificate.ts';
import { readCsr } from './csr.ts';
import { openOwnAuthority } from './ownAuthority.ts';

export interface ClientCertificateAnswer extends IssuedCertificate {
  /** PEM of the CA certificates that the members' are signed by. */
  readonly trusted: readonly string[];
}

/** Who may invoke the function directly is for the account's IAM: no role of the stack may. */
export async function signClient(event: unknown): Promise<ClientCertificateAnswer | Refused> {
  const asked = judgeClient(event);
  if (isRefused(asked)) return asked;
  const { name, days, askedBy } = asked;
  const csr = readCsr(asked.request);
  const refusal = judgeCsr('client', csr?.facts ?? null, name);
  if (refusal !== null || csr === null) return refusal ?? { refused: 'malformedCsr', why: 'there is no request' };
  const authority = await openOwnAuthority(days);
  const nowMs = Date.now();
  const contents = clientContents(asked, nowMs);
  const made = await makeCertificate(contents, csr.publicKey, authority.certificate, authority.sign);
  const { pem, ...issued } = made;
  const what = `issued a client certificate: ${name}`;
  const { serial, notAfter } = issued;
  const { keyArn: signedBy, trustedKeys: trusts } = authority;
  // An authority that is to go asks who would be cut off: whoever it did not see must not get this certificate.
  await noteClient({ name, serial, signedBy, trusts, notAfter });
  const now = await openOwnAuthority(days);
  if (now.keyArn !== signedBy || now.trustedKeys.join() !== trusts.join())
    throw new Error('the certificate authority has changed meanwhile: ask again');
  // Before it leaves, as for instances.
  await audit(
    {
      at: new Date(nowMs).toISOString(),
      who: askedBy,
      what,
      why: 'asked for by an operator',
      after: { name, ...issued },
    },
    `certificates-${made.serial}`,
  );
  return { certificate: pem, ...issued, trusted: authority.trusted };
}
