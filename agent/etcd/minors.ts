/** What differs between etcd's minors, one row each. Sources are named where the fact is surprising. */
import { compareVersions, type Minor, minorOf } from './versions.ts';

export interface MinorFacts {
  /** Newest patch known on 2026-11-23. */
  readonly latestPatch: string;
  /** Path prefix of the v3 JSON gateway; null where there is no v3 API (2.x). */
  readonly gatewayPrefix: '/v3alpha' | '/v3beta' | '/v3' | null;
  /** The API that clients' data is in. */
  readonly dataApi: 'v2' | 'v3';
  /** Whether there is a `--strict-reconfig-check` flag (2.3 introduced it, default false until 3.1). */
  readonly strictReconfigCheck: boolean;
  /** Whether `--enable-v2` is there to turn the v2 API off (default on up to 3.3, off from 3.4; gone in 3.6). */
  readonly enableV2: boolean;
  /** Whether the v2 API is served without a flag. */
  readonly v2ByDefault: boolean;
  /** Whether there is a `--logger` flag (3.4 on; 3.3 has none). */
  readonly logger: boolean;
  /** Whether releases for arm64 are supported (etcd's supported-platforms page: tier 1 from 3.4 on). */
  readonly arm64: boolean;
  /** Whether there are learners (3.4: CHANGELOG-3.4). */
  readonly learners: boolean;
  /** What it can do of TLS, measured with real binaries: docs/security.md, "TLS by etcd minor". */
  readonly tls: TlsFacts;
}

export interface TlsFacts {
  /** How it is told to ask clients and peers for certificates: by the CA's file alone (2.0), or by flags of their own. */
  readonly clientCertificates: 'ca-file' | 'client-cert-auth';
  /** Oldest protocol that it speaks: 2.x has TLS 1.0 in its source and no flag to change it. */
  readonly oldest: '1.0' | '1.2';
  /** Whether a key and certificate that were replaced on disk count from the next connection on (3.2: CHANGELOG-3.2), or from its next start. */
  readonly reloads: boolean;
  /** Whether one port takes TLS and HTTP side by side (cmux, from 3.0 on); 2.x says that the address is in use. */
  readonly onePort: boolean;
  /** Whether the peer port can be kept from certificates of clients: `--peer-cert-allowed-cn` (3.3: CHANGELOG-3.3). */
  readonly peerCommonName: boolean;
  /**
   * Whether the v3 API and its gateway work over TLS. With 3.0 that depends on its build: where it offers HTTP/2. Its official
   * releases were built with Go 1.6, which does so unasked; newer Go does not (etcd issue 6455), unless etcd asks for it, as 3.1
   * does (pull request 6463).
   */
  readonly v3Api: 'yes' | 'overHttp2Offered' | 'none';
}

const oldTls = { oldest: '1.0', reloads: false, onePort: false, peerCommonName: false, v3Api: 'none' } as const;
const tls20 = { ...oldTls, clientCertificates: 'ca-file' } as const;
const tls21 = { ...oldTls, clientCertificates: 'client-cert-auth' } as const;
const tls30 = { ...tls21, oldest: '1.2', onePort: true, v3Api: 'overHttp2Offered' } as const;
const tls31 = { ...tls30, v3Api: 'yes' } as const;
const tls32 = { ...tls31, reloads: true } as const;
const tls33 = { ...tls32, peerCommonName: true } as const;

const v2 = {
  v2ByDefault: true,
  gatewayPrefix: null,
  dataApi: 'v2',
  enableV2: false,
  logger: false,
  arm64: false,
  learners: false,
  tls: tls21,
} as const;
const v3 = { dataApi: 'v3', strictReconfigCheck: true } as const;
const upTo33 = { ...v3, v2ByDefault: true, enableV2: true, logger: false, arm64: false, learners: false } as const;
const from34 = {
  ...v3,
  v2ByDefault: false,
  gatewayPrefix: '/v3',
  logger: true,
  arm64: true,
  learners: true,
  tls: tls33,
} as const;

const table: Readonly<Record<Minor, MinorFacts>> = {
  '2.0': { ...v2, latestPatch: '2.0.13', strictReconfigCheck: false, tls: tls20 },
  '2.1': { ...v2, latestPatch: '2.1.3', strictReconfigCheck: false },
  '2.2': { ...v2, latestPatch: '2.2.5', strictReconfigCheck: false },
  '2.3': { ...v2, latestPatch: '2.3.8', strictReconfigCheck: true },
  '3.0': { ...upTo33, latestPatch: '3.0.17', gatewayPrefix: '/v3alpha', enableV2: false, tls: tls30 },
  '3.1': { ...upTo33, latestPatch: '3.1.20', gatewayPrefix: '/v3alpha', enableV2: false, tls: tls31 },
  '3.2': { ...upTo33, latestPatch: '3.2.32', gatewayPrefix: '/v3alpha', tls: tls32 },
  '3.3': { ...upTo33, latestPatch: '3.3.27', gatewayPrefix: '/v3beta', tls: tls33 },
  '3.4': { ...from34, latestPatch: '3.4.45', enableV2: true },
  '3.5': { ...from34, latestPatch: '3.5.35', enableV2: true },
  '3.6': { ...from34, latestPatch: '3.6.16', enableV2: false },
  '3.7': { ...from34, latestPatch: '3.7.3', enableV2: false },
};

/**
 * The row of a version's minor.
 * @throws RangeError where the minor is not on the ladder.
 */
export function factsOf(version: string): MinorFacts {
  const minor = minorOf(version);
  if (minor === null) throw new RangeError(`etcd ${version} is not a version from 2.0 to 3.7`);
  return table[minor];
}

/**
 * Whether it can be run with TLS: 2.0.0 panics at the first connection (measured: its keepalive listener takes every connection for
 * one of TCP), 2.0.5 and all later ones that were tried do not.
 */
export function servesTls(version: string): boolean {
  return compareVersions(version, firstWithTls) >= 0;
}

export const firstWithTls = '2.0.5';

/** `/v3alpha`, `/v3beta`, `/v3`, or null on 2.x, which has no v3 API. */
export function gatewayPrefix(version: string): MinorFacts['gatewayPrefix'] {
  return factsOf(version).gatewayPrefix;
}

/**
 * The API that a member takes clients' reads and writes through right now: a 3.0 among 2.3 members has its v3 API off until
 * the cluster version is 3.0 (its gateway answers 503).
 * @param clusterVersion null where the member has not said it
 */
export function dataApiOf(version: string, clusterVersion: string | null): MinorFacts['dataApi'] {
  return clusterVersion?.startsWith('2.') ? 'v2' : factsOf(version).dataApi;
}
