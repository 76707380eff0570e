/**
 * The cluster record: the items of the DynamoDB table that every agent and every task of one cluster share.
 * Keys: partition `cluster` (the cluster's name), sort `item` (`bootstrap`, `settings`, `lock`, `membership`, `rotation`, `upgrade`,
 * `transport`, `timing`, `started#<member>`, `certificates#<instance>`, `audit#<time>#<id>`). The certificate authority's items are in a
 * partition of their own.
 */

import type { RaftTiming } from './timing.ts';
import type { Transport } from './transport.ts';
import type { EtcdTuning } from './tuning.ts';
import type { Start } from './upgradeStep.ts';

/** A member as ClusterBootstrap chose it. */
export interface BootstrapMember {
  /** etcd member name; the instance id. */
  readonly name: string;
  readonly instanceId: string;
  /** Availability zone. */
  readonly zone: string;
  /** Private IPv4 address. */
  readonly address: string;
  /** `http://ADDRESS:2380` */
  readonly peerUrl: string;
  /** `http://ADDRESS:2379` */
  readonly clientUrl: string;
}

/** Item `bootstrap`: written once, with a condition that it does not exist; later only `createdAt` is added. */
export interface BootstrapRecord {
  readonly cluster: string;
  readonly item: 'bootstrap';
  /** `--initial-cluster-token`, unique per bootstrap. */
  readonly clusterToken: string;
  /** X.Y.Z */
  readonly etcdVersion: string;
  readonly members: readonly BootstrapMember[];
  /** ISO 8601 */
  readonly writtenAt: string;
  /** ARN of the execution that wrote it. */
  readonly writtenBy: string;
  /** ISO 8601; from then on no agent with an empty disk ever forms a new cluster. */
  readonly createdAt?: string;
}

/**
 * Item `started#<member>`: an agent's claim, written once: before the first start of a cluster's etcd, or before the member is added to one that
 * runs. A later agent with an empty disk finds a claim that is not its own and so never forms a cluster anew under an id that has already voted
 * (whoever joins gets a new id, whatever is claimed). The other agents learn from it where the instance is while its region does not answer.
 */
export interface StartedRecord {
  readonly cluster: string;
  readonly item: string;
  /** Random; also kept on the data volume, which is how an agent knows the claim for its own. */
  readonly claim: string;
  /** Availability zone of the instance; absent where an older agent wrote the claim, which stays as it is. */
  readonly zone?: string;
  /** ISO 8601 */
  readonly claimedAt: string;
}

/**
 * Item `settings`: what a deployment says to the agents, written anew by each one, so that a setting reaches running
 * instances without replacing them.
 */
export interface ClusterSettings {
  readonly cluster: string;
  readonly item: 'settings';
  /** Auto Scaling group of the members, the same name in each region. */
  readonly groupName: string;
  /** Members the cluster should have, in all regions. */
  readonly members: number;
  /** The regions that it is in, home first, each with a group of that name; absent where an older deployment wrote the settings. */
  readonly regions?: readonly RegionOfCluster[];
  readonly hostedZone: { readonly id: string; readonly name: string };
  readonly etcd: EtcdTuning;
  /** When the leader's agent has a member's database defragmented: percent of it that must be free, and its least size. */
  readonly defragmentation: { readonly abovePercent: number; readonly fromMiB: number };
  /** Seconds that DNS answers may be kept. */
  readonly recordTtlSeconds: number;
  /** CloudWatch log group of the agents' metrics; absent where an older deployment wrote the settings. */
  readonly logGroupName?: string;
  /** ISO 8601 */
  readonly writtenAt: string;
}

export interface RegionOfCluster {
  /** Such as `eu-west-1`. */
  readonly region: string;
  /** Members that the deployment asked for there. */
  readonly members: number;
}

export interface Newcomer {
  readonly peerUrl: string;
  readonly instanceId: string;
}

/**
 * Item `membership`: whose turn it is to change the membership of etcd, one agent at a time. A turn is short and ends by
 * itself; whoever takes it re-checks the quorum rule against the members before it changes anything. The item stays for ever.
 */
export interface MembershipTurn {
  readonly cluster: string;
  readonly item: 'membership';
  /** Instance id; absent while free. */
  readonly holder?: string;
  /** `join`, `promote i-...`, `leave`, `remove i-...` */
  readonly purpose?: string;
  /** Raised by one each time the turn is taken: who has an older one has lost it. */
  readonly token: number;
  /** Epoch milliseconds after which another may take it. */
  readonly untilMs?: number;
  /** The instance that was added last: a member that has not started yet has no name to know it by. */
  readonly newcomer?: Newcomer;
  /** Epoch milliseconds of the last change: etcd refuses the next one until peers have been connected for 5 s. */
  readonly changedAtMs?: number;
}

/** Item `lock`: the operation lock. The item stays for ever, so that the token only grows. */
export interface LockRecord {
  readonly cluster: string;
  readonly item: 'lock';
  /** Execution ARN; absent while free. */
  readonly holder?: string;
  readonly purpose?: string;
  /** Monotonic fencing token: raised by one each time the lock is taken. */
  readonly token: number;
  /** ISO 8601 */
  readonly takenAt?: string;
  /** Whether new instances may join while it is held, as operations want that add an instance first. */
  readonly joins?: boolean;
  /** Whether members may restart for changed settings while it is held: an operation that changes one waits for that. */
  readonly tunes?: boolean;
  /** How whoever joins meanwhile is started; absent: as what the cluster runs. */
  readonly joinAs?: Start;
  /** Epoch milliseconds; renewed by the holder. A lease that has run out does not free the lock: an operator resumes or abandons. */
  readonly leaseUntilMs?: number;
}

/**
 * Item `rotation`: what RotateInstances is about, written before it changes anything, so that whoever comes after a crash can
 * go on with it or put the group back. The item stays until the next rotation.
 */
export interface RotationRecord {
  readonly cluster: string;
  readonly item: 'rotation';
  /** Fencing token of the lock under which it was last written. */
  readonly token: number;
  /** ARN of that execution. */
  readonly execution: string;
  readonly reason: string;
  /** The region whose instances they are; absent: the home region. */
  readonly region?: string;
  /** ISO 8601 */
  readonly beganAt: string;
  /** Ids of the instances that are to be replaced. */
  readonly instances: readonly string[];
  /** The group's desired capacity, as it was and is to be again. */
  readonly desiredCapacity: number;
  /** Auto Scaling processes that it suspended and that were not suspended before. */
  readonly suspended: readonly string[];
  readonly replaced: readonly Replacement[];
  /** The replacement that is under way. */
  readonly current?: CurrentReplacement;
  /** ISO 8601; the group has its desired capacity and its processes again. Absent: somebody still has to see to that. */
  readonly restoredAt?: string;
}

export interface Replacement {
  readonly old: string;
  /** Instance id of its successor; null where a crash left nobody who knew. */
  readonly successor: string | null;
  /** ISO 8601 */
  readonly beganAt: string;
  /** ISO 8601 */
  readonly endedAt: string;
}

export interface CurrentReplacement {
  readonly old: string;
  /** Instances of the group before the successor was asked for: the successor is whoever is none of these. */
  readonly known: readonly string[];
  readonly successor?: string;
  /** ISO 8601 */
  readonly beganAt: string;
}

/**
 * Item `upgrade`: what RollingUpgrade is about. What is to be done next is decided from what the members run; this says where
 * it is going, what was done, and what only somebody who was there could know. The item stays until the next upgrade.
 */
export interface UpgradeRecord {
  readonly cluster: string;
  readonly item: 'upgrade';
  /** Fencing token of the lock under which it was last written. */
  readonly token: number;
  /** ARN of that execution. */
  readonly execution: string;
  /** X.Y.Z */
  readonly from: string;
  readonly to: string;
  readonly strategy: 'inPlace' | 'replace';
  /** What becomes of keys of the v2 API before 3.6. */
  readonly v2Keys: 'keep' | 'delete' | 'deleted';
  /** ISO 8601 */
  readonly beganAt: string;
  /** ISO 8601; absent: it is under way, or was halted. */
  readonly endedAt?: string;
  /** The hop that is under way, by its releases: what a rollback goes back to. `back`: one has begun. */
  readonly current?: { readonly from: string; readonly to: string; readonly back?: true };
  readonly done: readonly { readonly to: string; readonly endedAt: string }[];
  /** When the cluster version changed last, and an index of the raft log after that: older snapshots do not cover the change. */
  readonly flip?: { readonly clusterVersion: string; readonly raftIndex: number };
}

/**
 * Item `transport`: how the members serve, written by MigrateToTls; absent: as the bootstrap record's URLs say. What is to be done
 * next is decided from what the members serve; this is for newcomers, and for agents, which speak HTTP only while it lets them.
 */
export interface TransportRecord {
  readonly cluster: string;
  readonly item: 'transport';
  /** Fencing token of the lock under which it was last written. */
  readonly token: number;
  /** ARN of that execution. */
  readonly execution: string;
  /** What every member served when the last migration ended, or before the first one. */
  readonly settled: Transport;
  /** Where the cluster is going; absent: nowhere. One that was abandoned is still here. */
  readonly moving?: Transport;
  /** ISO 8601 */
  readonly beganAt: string;
  /** ISO 8601; absent: under way, or halted. */
  readonly endedAt?: string;
}

/**
 * Item `regions`: what MultiregionMigration is about. What is to be done next is decided from where the members are; this says where it is
 * going and where it came from. The item stays until the next one.
 */
export interface RegionChangeRecord {
  readonly cluster: string;
  readonly item: 'regions';
  /** Fencing token of the lock under which it was last written. */
  readonly token: number;
  /** ARN of that execution. */
  readonly execution: string;
  /** Names of the regions. */
  readonly home: string;
  readonly remote: string;
  /** Members in each of them: before, and as it is to be. */
  readonly from: { readonly home: number; readonly remote: number };
  readonly to: { readonly home: number; readonly remote: number };
  readonly maxRoundTripMs: number;
  /** ISO 8601 */
  readonly beganAt: string;
  /** ISO 8601; absent: it is under way, or was halted. */
  readonly endedAt?: string;
}

/**
 * Item `timing`: how fast the members of a cluster in two regions beat, from what they have measured; absent: as etcd does by itself. Agents
 * restart their etcd for it one by one, as for a changed setting.
 */
export interface TimingRecord extends RaftTiming {
  readonly cluster: string;
  readonly item: 'timing';
  /** The worst round trip between two members, milliseconds. */
  readonly roundTripMs: number;
  /** ISO 8601 */
  readonly writtenAt: string;
  /** ARN of the execution that wrote it. */
  readonly writtenBy: string;
}

/** Item `audit#<ISO time>#<id>`: append-only. */
export interface AuditRecord {
  readonly cluster: string;
  readonly item: string;
  readonly at: string;
  /** Execution ARN or agent instance id. */
  readonly who: string;
  readonly what: string;
  readonly why: string;
  readonly before?: unknown;
  readonly after?: unknown;
}
