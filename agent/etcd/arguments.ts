/** The command line of etcd: for each minor the flags that it has, and no others. */
import { clientUrl, initialCluster, peerUrl } from './addresses.ts';
import { factsOf } from './minors.ts';
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
}

export interface Tuning {
  /** Milliseconds between the leader's heartbeats (etcd's default 100). */
  readonly heartbeatIntervalMs?: number;
  /** Milliseconds a follower waits before it campaigns (etcd's default 1000; at least 5 heartbeats). */
  readonly electionTimeoutMs?: number;
  /** Committed entries between two raft snapshots. */
  readonly snapshotCount?: number;
}

/** The arguments after `etcd`, two dashes as every minor from 2.0 on takes them. */
export function etcdArguments(spec: MemberSpec): string[] {
  const facts = factsOf(spec.version);
  const { heartbeatIntervalMs, electionTimeoutMs, snapshotCount } = spec.tuning ?? {};
  return [
    `--name=${spec.name}`,
    `--data-dir=${spec.dataDir}`,
    `--listen-peer-urls=${peerUrl(spec.address)}`,
    `--listen-client-urls=${clientUrl(spec.address)}`,
    `--initial-advertise-peer-urls=${peerUrl(spec.address)}`,
    `--advertise-client-urls=${clientUrl(spec.address)}`,
    `--initial-cluster=${initialCluster(spec.members)}`,
    `--initial-cluster-token=${spec.clusterToken}`,
    `--initial-cluster-state=${spec.clusterState}`,
    ...flag('heartbeat-interval', heartbeatIntervalMs),
    ...flag('election-timeout', electionTimeoutMs),
    ...flag('snapshot-count', snapshotCount),
    // The default is false in 2.3 and 3.0, where a third unstarted member stops writes for good.
    ...(facts.strictReconfigCheck ? ['--strict-reconfig-check=true'] : []),
    // The default is true up to 3.3 and false from 3.4 on; 3.6 has no such flag.
    ...(spec.v2Api === true && facts.enableV2 ? ['--enable-v2=true'] : []),
    ...(facts.logger ? ['--logger=zap'] : []),
  ];
}

function flag(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [`--${name}=${value}`];
}

/** How the member is started, as far as upgrades decide it. */
export function startOf({ version, tuning, v2Api = false }: MemberSpec): Start {
  return { version, snapshotCount: tuning?.snapshotCount ?? 0, v2Api };
}

/** The same member, started so. */
export function startedAs(spec: MemberSpec, { version, snapshotCount, v2Api }: Start): MemberSpec {
  const { snapshotCount: _, ...tuning } = spec.tuning ?? {};
  return { ...spec, version, v2Api, tuning: snapshotCount === 0 ? tuning : { ...tuning, snapshotCount } };
}
