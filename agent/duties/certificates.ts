/**
 * This instance's certificates: asked of the signer, kept on disk, renewed at half of their life. Its keys are made here, once
 * for the instance's life, and never leave it: a certificate that is replaced by itself fits its key at every moment, whenever
 * etcd reads the two.
 */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsFiles } from '#etcd/arguments.ts';
import {
  type CertificateAnswer,
  type CertificateRefusal,
  type CertificateRequest,
  type CertificateUse,
  certificateUses,
  isRenewalDue,
} from '#etcd/certificates.ts';
import type { CertificateFiles } from '#etcd/transport.ts';
import type { Aws } from '../machine/aws.ts';
import { certificateRequest } from '../machine/csr.ts';
import { readIfThere, writeDurably } from '../machine/files.ts';
import type { TlsIdentity } from '../machine/http.ts';
import type { Log } from '../machine/log.ts';

export interface Certificates {
  /**
   * Asks for all of them where one is missing or past half of its life. One that is still valid is enough where the signer does
   * not answer.
   * @returns whether there are new ones
   * @throws Error where there is none that is valid, and the signer gives none
   */
  ensure(): Promise<boolean>;
  /** Asks for new ones, however fresh those are that are there. @throws Error where the signer gives none */
  renew(): Promise<void>;
  /** What etcd is started with. */
  readonly files: TlsFiles;
  /** Paths of the keys that etcd reads. */
  readonly etcdKeys: readonly string[];
  /** The agent's own, as a client of etcd. @throws Error before `ensure` has succeeded */
  identity(): TlsIdentity;
  /** Epoch milliseconds of the first end; null where one is missing. */
  endsAtMs(): number | null;
  /** What is on disk; null where one is missing. */
  onDisk(): CertificateFiles | null;
  /** Of the server's certificate: hex, upper case. @throws Error as identity */
  serverSerial(): string;
}

export interface CertificatesOptions {
  /** Folder. */
  readonly folder: string;
  readonly signerArn: string;
  /** Private IPv4 of this instance: keys that came with the disk of another are not its own. */
  readonly address: string;
  readonly aws: Pick<Aws, 'functionUrl' | 'invokeUrl' | 'nowMs'>;
  readonly log: Log;
}

const askTimeoutMs = 15_000;

export function createCertificates({ folder, signerArn, address, aws, log }: CertificatesOptions): Certificates {
  const keyOf = (use: CertificateUse) => join(folder, `${use}.key`);
  const certificateOf = (use: CertificateUse) => join(folder, `${use}.crt`);
  const trusted = join(folder, 'trusted.crt');
  const pair = (use: CertificateUse) => ({ certificate: certificateOf(use), key: keyOf(use) });

  function keyFor(use: CertificateUse): string {
    const known = readIfThere(keyOf(use));
    if (known !== null) return known;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeDurably(keyOf(use), pem, 0o600);
    return pem;
  }

  async function ask(): Promise<CertificateAnswer> {
    const requests = certificateUses.map((use) => [use, certificateRequest(createPrivateKey(keyFor(use)))]);
    const request: CertificateRequest = { requests: Object.fromEntries(requests) };
    // Asked each time, a few times a week: the function may have been made anew.
    const url = await aws.functionUrl(signerArn);
    const { status, body } = await aws.invokeUrl(url, JSON.stringify(request), askTimeoutMs);
    if (status === 200) return JSON.parse(body) as CertificateAnswer;
    throw new Error(`the certificate signer refuses: ${status} ${wordsOf(body)}`);
  }

  async function renew(): Promise<void> {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const { certificates, trusted: authorities } = await ask();
    // First whom to believe: a certificate of a new authority must not be shown to anybody before that.
    writeDurably(trusted, authorities.join(''), 0o644);
    for (const use of certificateUses) {
      const issued = certificates[use];
      if (issued === undefined) throw new Error(`the certificate signer gave no certificate for ${use}`);
      writeDurably(certificateOf(use), issued.certificate, 0o644);
      log('certificate', { use, serial: issued.serial, notAfter: issued.notAfter });
    }
  }

  function state(): 'missing' | 'foreign' | 'ended' | 'due' | 'fresh' {
    const nowMs = aws.nowMs();
    const pems = certificateUses.map((use) => readIfThere(certificateOf(use)));
    if (pems.some((pem) => pem === null) || readIfThere(trusted) === null) return 'missing';
    if (new X509Certificate(pems[certificateUses.indexOf('server')] ?? '').checkIP(address) === undefined)
      return 'foreign';
    const validities = pems.map((pem) => validityOf(pem ?? ''));
    if (validities.some(({ notAfterMs }) => nowMs >= notAfterMs)) return 'ended';
    return validities.some((validity) => isRenewalDue(validity, nowMs)) ? 'due' : 'fresh';
  }

  return {
    files: { server: pair('server'), peer: pair('peer'), trusted },
    etcdKeys: [keyOf('server'), keyOf('peer')],
    async ensure() {
      const before = state();
      if (before === 'fresh') return false;
      if (before === 'foreign') {
        log('certificates of another instance removed', {}, 'error');
        rmSync(folder, { recursive: true, force: true });
      }
      try {
        await renew();
        return true;
      } catch (error) {
        if (before !== 'due') throw error;
        log('certificates not renewed yet', { error: (error as Error).message }, 'warn');
        return false;
      }
    },
    renew,
    onDisk() {
      const pems = certificateUses.map((use) => readIfThere(certificateOf(use)));
      const authorities = authoritiesIn(readIfThere(trusted) ?? '');
      const own = pems.flatMap((pem) => (pem === null ? [] : [new X509Certificate(pem)]));
      if (own.length < pems.length || authorities.length === 0) return null;
      const issuers = own.map((one) => authorities.find((authority) => one.verify(authority.publicKey)));
      const [issuer] = issuers;
      return {
        trusted: authorities.map(fingerprintOf).sort(),
        issuer: issuer !== undefined && issuers.every((other) => other === issuer) ? fingerprintOf(issuer) : '',
        serials: own.map(({ serialNumber }) => serialNumber),
      };
    },
    endsAtMs() {
      const pems = certificateUses.map((use) => readIfThere(certificateOf(use)));
      const ends = pems.flatMap((pem) => (pem === null ? [] : [validityOf(pem).notAfterMs]));
      return ends.length < pems.length ? null : Math.min(...ends);
    },
    serverSerial() {
      const pem = readIfThere(certificateOf('server'));
      if (pem === null) throw new Error('this instance has no certificate as a server yet');
      return new X509Certificate(pem).serialNumber;
    },
    identity() {
      const [certificate, key, authorities] = [certificateOf('client'), keyOf('client'), trusted].map(readIfThere);
      if (certificate == null || key == null || authorities == null)
        throw new Error('this instance has no certificate as a client of etcd yet');
      return { certificate, key, authorities };
    },
  };
}

/** @param pems one certificate after another */
function authoritiesIn(pems: string): readonly X509Certificate[] {
  const each = pems.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return each.map((pem) => new X509Certificate(pem));
}

/** SHA-256, 64 hex digits, lower case. */
function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}

function validityOf(pem: string): { readonly notBeforeMs: number; readonly notAfterMs: number } {
  const { validFrom, validTo } = new X509Certificate(pem);
  return { notBeforeMs: Date.parse(validFrom), notAfterMs: Date.parse(validTo) };
}

function wordsOf(body: string): string {
  try {
    const { refused, why } = JSON.parse(body) as Partial<CertificateRefusal>;
    return why === undefined ? body.slice(0, 300) : `${refused}: ${why}`;
  } catch {
    return body.slice(0, 300);
  }
}
