/** A client's key and certificate: the key is made here and goes nowhere. */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { certificateRequest } from '../../agent/machine/csr.ts';
import type { TlsIdentity } from '../../agent/machine/http.ts';
import type { ClientCertificateAnswer } from '../../tasks/certificates/signClient.ts';
import type { Caller } from './ask.ts';

export interface IssuedClient {
  readonly identity: TlsIdentity;
  readonly serial: ClientCertificateAnswer['serial'];
  /** ISO 8601 */
  readonly notAfter: ClientCertificateAnswer['notAfter'];
}

/** What a client of etcd is told, as `--cacert`, `--cert` and `--key`. */
export interface IdentityFiles {
  readonly key: string;
  readonly certificate: string;
  readonly authorities: string;
}

/** Names of the files of a client's identity in a folder. */
export function identityFiles(folder: string, name: string): IdentityFiles {
  const file = (suffix: string) => join(folder, suffix);
  return { key: file(`${name}.key`), certificate: file(`${name}.crt`), authorities: file('ca.crt') };
}

/**
 * @param signer name of the function
 * @param client common name, and days
 * @throws Fault `InvalidInput` with what the signer refuses
 */
export async function issueClient(
  signer: string,
  client: { readonly name: string; readonly days: number },
  caller?: Caller,
): Promise<IssuedClient> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // The SDK's clients are loaded when they are needed, by when region and credentials are known.
  const { askForClient } = await import('./ask.ts');
  const answer = await askForClient(signer, { ...client, request: certificateRequest(privateKey) }, caller);
  const { certificate, trusted, serial, notAfter } = answer;
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { identity: { certificate, key, authorities: trusted.join('') }, serial, notAfter };
}
