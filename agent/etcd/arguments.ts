/** The command line of etcd: for each minor the flags that it has, and no others. */
import { initialCluster } from './addresses.ts';
import { commonNames } from './certificates.ts';
import { factsOf } from './minors.ts';
import { type Transport, urlsOf } from './transport.ts';
import type { Start } from './upgradeStep.ts';

/** All that decides how a member's etcd is started. */
export interface MemberSpec {
  readonly name: string;
  /** X.Y.Z */
  readonly version: string;
  readonly dataDir: string;
  /** Private IPv4 address; etcd listens on it alone. */
  readonly address: string;
  /** Members for `--initial-cluster`; etcd ignores them once the data directory has a member. */
  readonly members: readonly { readonly name: string; readonly peerUrl: string }[];
  readonly clusterToken: string;
  readonly clusterState: 'new' | 'existing';
  readonly tuning?: Tuning;
  /** Serves the v2 API where that is not the default any more: 3.4 and 3.5, while clients still have keys in it. */
  readonly v2Api?: boolean;
  /** TLS on both ports, with certificates asked of clients and peers; absent: plain HTTP. */
  readonly tls?: TlsFiles;
  /** Plain HTTP beside it, for clients and on the peer port: a cluster on its way to TLS. */
  readonly alsoPlain?: true;
}

/** How this member serves. */
export function transportOf({ tls, alsoPlain }: Pick<MemberSpec, 'tls' | 'alsoPlain'>): Transport {
  if (tls === undefined) return 'plain';
  return alsoPlain ? 'both' : 'tls';
}

/** Where the other members are to dial it. */
export function peerUrlOf(spec: MemberSpec): string {
  return urlsOf(spec.version, spec.address, transportOf(spec)).peer;
}

/** The part of a spec that makes a member serve so. */
export function serving(transport: Transport, files: TlsFiles): Pick<MemberSpec, 'tls' | 'alsoPlain'> {
  if (transport === 'plain') return {};
  return { tls: files, ...(transport === 'both' && { alsoPlain: true }) };
}

/** Paths of PEM files that etcd can read. */
export interface TlsFiles {
  readonly server: KeyPair;
  readonly peer: KeyPair;
  /** CA certificates, of clients and peers alike. */
  readonly trusted: string;
}

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Tuning {
  /** Committed entries between two raft snapshots. */
  readonly snapshotCount?: number;
}

/** The arguments after `etcd`, two dashes as every minor from 2.0 on takes them. */
export function etcdArguments(spec: MemberSpec): string[] {
  const facts = factsOf(spec.version);
  const { snapshotCount } = spec.tuning ?? {};
  const { listenClients, advertiseClients, peer } = urlsOf(spec.version, spec.address, transportOf(spec));
  return [
    `--name=${spec.name}`,
    `--data-dir=${spec.dataDir}`,
    `--listen-peer-urls=${peer}`,
    `--listen-client-urls=${listenClients.join(',')}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--advertise-client-urls=${advertiseClients.join(',')}`,
    `--initial-cluster=${initialCluster(spec.members)}`,
    `--initial-cluster-token=${spec.clusterToken}`,
    `--initial-cluster-state=${spec.clusterState}`,
    ...(spec.tls === undefined ? [] : tlsArguments(spec.version, spec.tls)),
    ...flag('snapshot-count', snapshotCount),
    // The default is false in 2.3 and 3.0, where a third unstarted member stops writes for good.
    ...(facts.strictReconfigCheck ? ['--strict-reconfig-check=true'] : []),
    // The default is true up to 3.3 and false from 3.4 on; 3.6 has no such flag.
    ...(spec.v2Api === true && facts.enableV2 ? ['--enable-v2=true'] : []),
    ...(facts.logger ? ['--logger=zap'] : []),
  ];
}

/**
 * Both ports take TLS with a certificate of the CA and nothing else. The oldest protocol stays what the source says (1.2 from 3.0
 * on): its flag is missing before 3.5.8 (etcd pull request 15156).
 */
function tlsArguments(version: string, { server, peer, trusted }: TlsFiles): string[] {
  const { clientCertificates, peerCommonName } = factsOf(version).tls;
  const pairs = [
    `--cert-file=${server.certificate}`,
    `--key-file=${server.key}`,
    `--peer-cert-file=${peer.certificate}`,
    `--peer-key-file=${peer.key}`,
  ];
  if (clientCertificates === 'ca-file') return [...pairs, `--ca-file=${trusted}`, `--peer-ca-file=${trusted}`];
  return [
    ...pairs,
    `--trusted-ca-file=${trusted}`,
    '--client-cert-auth=true',
    `--peer-trusted-ca-file=${trusted}`,
    '--peer-client-cert-auth=true',
    // Without it, whoever has a certificate as a client of etcd could speak as a member.
    ...(peerCommonName ? [`--peer-cert-allowed-cn=${commonNames.peer}`] : []),
  ];
}

function flag(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [`--${name}=${value}`];
}

/** How the member is started, as far as operations decide it. */
export function startOf(spec: MemberSpec): Start {
  const { version, tuning, v2Api = false } = spec;
  return { version, snapshotCount: tuning?.snapshotCount ?? 0, v2Api, transport: transportOf(spec) };
}

/** The same member, started so. @param files where it is to serve TLS and did not */
export function startedAs(spec: MemberSpec, start: Start, files?: TlsFiles): MemberSpec {
  const { version, snapshotCount, v2Api, transport } = start;
  const { snapshotCount: _, ...tuning } = spec.tuning ?? {};
  const next = { ...spec, version, v2Api, tuning: snapshotCount === 0 ? tuning : { ...tuning, snapshotCount } };
  if (transport === undefined || transport === transportOf(spec)) return next;
  const { tls, alsoPlain, ...rest } = next;
  const known = tls ?? files;
  if (transport === 'plain') return rest;
  if (known === undefined) throw new TypeError(`no certificate files for ${spec.name}, which is to serve ${transport}`);
  return { ...rest, ...serving(transport, known) };
}
