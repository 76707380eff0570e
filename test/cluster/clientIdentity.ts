/** A certificate of a client of the cluster, as an operator has one signed. */
import type { TlsIdentity } from '../../agent/machine/http.ts';
import { issueClient } from '../../infra/clientCertificate/issue.ts';
import type { TestCluster } from './cluster.ts';

/** @param name common name */
export async function clientIdentity(
  { home, outputs }: Pick<TestCluster, 'home' | 'outputs'>,
  name = 'app1',
  days = 2,
): Promise<TlsIdentity> {
  const { endpoint, credentials, context } = home;
  const caller = { endpoint, credentials, region: context.region };
  return (await issueClient(outputs.CertificateSigner ?? '', { name, days }, caller)).identity;
}
