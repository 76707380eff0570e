/** What goes into the certificates, by nobody's wish but these rules. Pure. */
import { type CertificateUse, commonNames } from '#etcd/certificates.ts';

/** An X.509 certificate, but for key, issuer and serial number. */
export interface CertificateContents {
  /** Common name of the subject; null: the subject is empty. */
  readonly commonName: string | null;
  readonly dnsNames: readonly string[];
  /** IPv4 */
  readonly addresses: readonly string[];
  readonly extendedKeyUsage: readonly ('serverAuth' | 'clientAuth')[];
  readonly ca: boolean;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface CertifiedInstance {
  readonly instanceId: string;
  /** Private IPv4. */
  readonly address: string;
  /** `CLUSTER.ZONE`, without the dot at its end. */
  readonly domain: string;
}

const dayMs = 86_400_000;
/** Clocks differ: a certificate must not be from the future for whoever sees it first. */
const skewMs = 5 * 60_000;
const authorityYears = 10;

/**
 * - Server: the name that the member's A record has, the domain that clients discover it by (they check the certificate
 *   against that, etcd documentation: Clustering guide, DNS discovery), and its address.
 * - Peer: its address, which etcd from 3.2 on compares with where a connection comes from (Transport security model, "Notes for
 *   TLS authentication"), and its name.
 * - Both are for both ends: etcd's JSON gateway dials its own client port with the server certificate (etcd issue 9785).
 */
export function contentsFor(
  use: CertificateUse,
  { instanceId, address, domain }: CertifiedInstance,
  nowMs: number,
  days: number,
): CertificateContents {
  const ownName = `${instanceId}.${domain}`;
  const named = {
    server: { dnsNames: [ownName, domain], addresses: [address] },
    peer: { dnsNames: [ownName], addresses: [address, ...loopbackSource(address)] },
    client: { dnsNames: [], addresses: [] },
  } as const;
  return {
    commonName: commonNames[use],
    ...named[use],
    extendedKeyUsage: use === 'client' ? ['clientAuth'] : ['serverAuth', 'clientAuth'],
    ca: false,
    ...lifeOf(days, nowMs),
  };
}

/** Linux gives connections between loopback addresses this source; no instance on AWS has such an address. */
function loopbackSource(address: string): readonly string[] {
  return address.startsWith('127.') && address !== '127.0.0.1' ? ['127.0.0.1'] : [];
}

/** @param generation of its key: the name says it, so that nobody takes one authority for another */
export function authorityContents(cluster: string, generation: number, nowMs: number): CertificateContents {
  return {
    commonName: `etcd ${cluster} certificate authority${generation === 1 ? '' : ` ${generation}`}`,
    dnsNames: [],
    addresses: [],
    extendedKeyUsage: [],
    ca: true,
    ...lifeOf(authorityYears * 365, nowMs),
  };
}

/** From a little while ago on. */
export function lifeOf(days: number, nowMs: number): Pick<CertificateContents, 'notBeforeMs' | 'notAfterMs'> {
  return { notBeforeMs: nowMs - skewMs, notAfterMs: nowMs + days * dayMs };
}

/** Whether a CA certificate outlives by a month what it would sign now. */
export function isLongEnough(notAfterMs: number, nowMs: number, days: number): boolean {
  return notAfterMs > nowMs + (days + 30) * dayMs;
}
