/**
 * The operator of a home as a client of its cluster: a certificate of the cluster's own authority, kept in the data folder for
 * etcdctl, curl and the operator's commands, and renewed by a start where that is due.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { clientUrl } from '#etcd/addresses.ts';
import { isRenewalDue } from '#etcd/certificates.ts';
import { readIfThere, writeDurably } from '../../../agent/machine/files.ts';
import { exchange, type TlsIdentity } from '../../../agent/machine/http.ts';
import { type IdentityFiles, identityFiles, issueClient } from '../../clientCertificate/issue.ts';
import type { Home } from '../home.ts';

/** Common name, and name of the files. */
const name = 'operator';
/** As long as one that `npm run client-certificate` asks for. */
const days = 30;
const askTimeoutMs = 5_000;

/** `DIR/operator.key`, `DIR/operator.crt`, `DIR/ca.crt` */
export function operatorFiles(folder: string): IdentityFiles {
  return identityFiles(folder, name);
}

/** What is kept; null where there is none, or none that lasts until the next start. */
export function keptIdentity(folder: string, nowMs: number): TlsIdentity | null {
  const files = operatorFiles(folder);
  const [certificate, key, authorities] = [files.certificate, files.key, files.authorities].map(readIfThere);
  if (certificate == null || key == null || authorities == null) return null;
  const issued = new X509Certificate(certificate);
  const validity = { notBeforeMs: Date.parse(issued.validFrom), notAfterMs: Date.parse(issued.validTo) };
  // They are replaced one after the other: a start that was ended in between leaves two that do not belong together.
  const fits = issued.checkPrivateKey(createPrivateKey(key));
  return fits && !isRenewalDue(validity, nowMs) ? { certificate, key, authorities } : null;
}

/**
 * The one that is kept, where a member takes it; else a new one.
 * @param address of a member that serves TLS
 * @throws Error where the cluster's signer gives none
 */
export async function operatorIdentity(home: Home, folder: string, address: string): Promise<TlsIdentity> {
  const kept = keptIdentity(folder, Date.now());
  if (kept !== null && (await isTaken(kept, address))) return kept;
  const { endpoint, credentials, context, outputs } = home;
  const caller = { endpoint, credentials, region: context.region };
  const { identity } = await issueClient(outputs.CertificateSigner ?? '', { name, days }, caller);
  const files = operatorFiles(folder);
  writeDurably(files.authorities, identity.authorities);
  writeDurably(files.key, identity.key);
  writeDurably(files.certificate, identity.certificate);
  return identity;
}

/** It is not where the authority has been replaced since. */
async function isTaken(tls: TlsIdentity, address: string): Promise<boolean> {
  const url = `${clientUrl(address, true)}/version`;
  return exchange({ method: 'GET', url, timeoutMs: askTimeoutMs, tls }).then(
    () => true,
    () => false,
  );
}
