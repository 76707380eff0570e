/** How a member is spoken to, and what of its certificates an etcd reads only when it starts. Pure. */
import { clientPort, clientUrl, peerUrl } from './addresses.ts';
import { factsOf } from './minors.ts';
import type { BootstrapRecord, TransportRecord } from './record.ts';

/**
 * `plain`: HTTP. `tls`: TLS with certificates asked of clients and peers. `both`: a member on its way from one to the other, in
 * either direction: its client port takes both, its peer port is still plain, and it dials peers by whichever their URL says.
 */
export const transports = ['plain', 'both', 'tls'] as const;

export type Transport = (typeof transports)[number];

/** The next step of the way, on which every member serves both before any serves one alone; null where it is reached. */
export function nextTransport(from: Transport, to: Transport): Transport | null {
  const [here, there] = [transports.indexOf(from), transports.indexOf(to)];
  return here === there ? null : (transports[here + Math.sign(there - here)] ?? null);
}

/** Where a member of 2.x serves TLS beside HTTP: it cannot on one port (measured; 3.0 on can). Not one of etcd's registered ports. */
export const besidePort = 2381;

export interface Urls {
  /** Client and peer URLs that etcd listens on. */
  readonly listenClients: readonly string[];
  /** What the member list tells clients. */
  readonly advertiseClients: readonly string[];
  readonly peer: string;
}

/** @param version X.Y.Z @param address private IPv4 */
export function urlsOf(version: string, address: string, transport: Transport): Urls {
  const [plain, secure] = [clientUrl(address), clientUrl(address, true)];
  const beside = factsOf(version).tls.onePort ? [] : [`https://${address}:${besidePort}`];
  const peer = peerUrl(address, transport === 'tls');
  switch (transport) {
    case 'plain':
      return { listenClients: [plain], advertiseClients: [plain], peer };
    case 'both':
      // Clients that follow the member list have no certificate yet.
      return {
        listenClients: [plain, ...(beside.length > 0 ? beside : [secure])],
        advertiseClients: [plain],
        peer,
      };
    case 'tls':
      // Clients that came to the port beside may go on there, until they are told of the usual one.
      return { listenClients: [secure, ...beside], advertiseClients: [secure], peer };
  }
}

/** Port that a member serves TLS on. */
export function securePort(version: string, transport: Transport): number {
  return transport === 'both' && !factsOf(version).tls.onePort ? besidePort : clientPort;
}

export interface ClusterTransport {
  /** What every member served when it was looked at last: how clients are to find them. */
  readonly settled: Transport;
  /** Whether members may serve something else by now. */
  readonly moving: boolean;
}

export function clusterTransport(
  bootstrap: Pick<BootstrapRecord, 'members'> | null,
  record: TransportRecord | null,
): ClusterTransport {
  if (record !== null) return { settled: record.settled, moving: record.moving !== undefined };
  const secure = bootstrap?.members.some((member) => member.peerUrl.startsWith('https://'));
  return { settled: secure ? 'tls' : 'plain', moving: false };
}

/** How newcomers are to serve: a cluster that is on its way, or was left on it, takes whoever speaks both. */
export function newcomerTransport({ settled, moving }: ClusterTransport): Transport {
  return moving ? 'both' : settled;
}

/** The certificates of an instance, as they are on its disk at one moment, or were when its etcd was started. */
export interface CertificateFiles {
  /** SHA-256 fingerprints of the CA certificates that are trusted: 64 hex digits, lower case, sorted. */
  readonly trusted: readonly string[];
  /** Fingerprint of the CA that signed all of them; empty where they are of different ones. */
  readonly issuer: string;
  /** Serial numbers, hex. */
  readonly serials: readonly string[];
}

/** What a member's certificates have to be like; fingerprints as in `CertificateFiles`. */
export interface WantedCertificates {
  /** Exactly these; empty: whichever. */
  readonly trusted: readonly string[];
  /** Of the one that has signed; empty: whichever. */
  readonly issuer: string;
}

export function certificatesFit(
  has: Pick<CertificateFiles, 'trusted' | 'issuer'>,
  { trusted, issuer }: WantedCertificates,
): boolean {
  const same = trusted.length === 0 || [...has.trusted].sort().join() === [...trusted].sort().join();
  return same && (issuer === '' || has.issuer === issuer);
}

/**
 * What decides whether an etcd has to be started again for its certificates: CA files are read at its start by every version,
 * its own certificates up to 3.1 (CHANGELOG-3.2). Two that are the same text need no restart.
 */
export function readAtStart(version: string, { trusted, serials }: CertificateFiles): string {
  return [...trusted, ...(factsOf(version).tls.reloads ? [] : serials)].join(' ');
}
