/** Who must not be served by a cluster that speaks TLS, at any port of any member, as a client or as a peer. */
import type { CertificateUse } from '#etcd/certificates.ts';
import {
  createTestAuthority,
  type KeyAndCertificate,
  type TestAuthority,
} from '../tasks/certificates/testAuthority.ts';

export interface Intruder {
  readonly who: string;
  /** Null: nothing. */
  readonly shown: KeyAndCertificate | null;
}

/** Nowhere near the tests' own addresses. */
const otherInstance = { instanceId: 'i-00000009', address: '10.99.99.99', domain: 'etcd.etcd.internal' };
const uses = ['client', 'peer', 'server'] as const satisfies readonly CertificateUse[];

/** Refused by every minor. @param own of the cluster that they try */
export async function intruders(own: TestAuthority): Promise<readonly Intruder[]> {
  const other = await createTestAuthority();
  const longAgo = Date.now() - 8 * 86_400_000;
  const issued = uses.map(async (use) => [
    { who: `another cluster's ${use}`, shown: await other.issue(use, otherInstance) },
    { who: `a ${use} whose certificate has ended`, shown: await own.issue(use, otherInstance, longAgo) },
  ]);
  return [{ who: 'somebody without a certificate', shown: null }, ...(await Promise.all(issued)).flat()];
}

/** With a certificate of the cluster that is for another instance, as it would be copied from there. */
export async function fromElsewhere(own: TestAuthority): Promise<Intruder> {
  return { who: "another instance's peer", shown: await own.issue('peer', otherInstance) };
}
