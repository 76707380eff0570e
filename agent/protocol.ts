/**
 * What a state machine's task and an agent say to each other. A command travels as base64 JSON through SSM Run Command to
 * `etcd-agent command`, which hands it to the resident agent and returns at once; the outcome travels back through the
 * Step Functions task token.
 */
import type { FaultName } from '#etcd/faults.ts';
import type { HealthVerdict } from '#etcd/health.ts';
import type { Finding } from '#etcd/housekeeping.ts';
import type { DatabaseSize } from '#etcd/metrics.ts';
import type { Transport } from '#etcd/transport.ts';
import type { RegionCommands } from './protocol/regions.ts';
import type { SecurityCommands } from './protocol/security.ts';
import type { UpgradeCommands } from './protocol/upgrade.ts';

export type * from './protocol/regions.ts';
export type * from './protocol/security.ts';
export type * from './protocol/upgrade.ts';

/** The verbs an agent understands: name -> input and result. */
export interface Commands extends UpgradeCommands, SecurityCommands, RegionCommands {
  /** What this member is now, and, with `commandId`, what became of that earlier command (from the ledger). */
  describe: { input: { readonly commandId?: string }; result: Description };
  /** Waits until etcd on this instance is a healthy member: a real linearizable read and write, version and member list. */
  awaitHealthy: { input: AwaitHealthyInput; result: HealthyMember };
  /** Waits until this member, being healthy, lists a voter that is none of the known members. */
  awaitNewMember: { input: AwaitNewMemberInput; result: NewMember };
  /** Waits until this member, being healthy, does not list that member any more. */
  awaitMemberGone: { input: AwaitMemberGoneInput; result: { readonly gone: string; readonly waitedMs: number } };
}

export type CommandName = keyof Commands;

/** One command on the wire. */
export interface CommandEnvelope<Name extends CommandName = CommandName> {
  readonly command: Name;
  /** `execution/state/member/attempt`: a repeated id answers with the recorded outcome and does nothing. */
  readonly id: string;
  readonly input: Commands[Name]['input'];
  /** Step Functions task token; where it is absent, the outcome is only kept in the ledger. */
  readonly taskToken?: string;
  /** Seconds between two SendTaskHeartbeat calls. */
  readonly heartbeatSeconds?: number;
  /** Fencing token of the operation lock; absent in operations that take no lock. */
  readonly fencingToken?: number;
}

export interface AwaitHealthyInput {
  /** Members the cluster must list, by name; empty: whatever it lists. */
  readonly members: readonly string[];
  /** X.Y.Z that etcd must report; null: whatever it runs. */
  readonly etcdVersion: string | null;
  /** How long to wait, in milliseconds, before the command fails with `MemberNotHealthy`. */
  readonly timeoutMs: number;
}

/** What `awaitHealthy` found; ids are lower-case hex without leading zeros, as etcdctl prints them. */
export interface HealthyMember {
  readonly member: string;
  readonly memberId: string;
  readonly clusterId: string;
  readonly etcdVersion: string;
  /** Cluster version X.Y.Z; null where etcd 2.0 has none. */
  readonly clusterVersion: string | null;
  readonly isLeader: boolean;
  /** Names of all members it lists, sorted. */
  readonly members: readonly string[];
  /** Milliseconds from the command's start to healthy. */
  readonly waitedMs: number;
}

export interface AwaitNewMemberInput {
  /** Names; a member is named after its instance. */
  readonly knownMembers: readonly string[];
  /** How long to wait, in milliseconds, before the command fails with `NoNewMember`. */
  readonly timeoutMs: number;
}

/** The voter that `awaitNewMember` found. */
export interface NewMember {
  readonly name: string;
  readonly instanceId: string;
  /** Milliseconds from the command's start. */
  readonly waitedMs: number;
}

export interface AwaitMemberGoneInput {
  readonly name: string;
  /** How long to wait, in milliseconds, before the command fails with `MemberNotGone`. */
  readonly timeoutMs: number;
}

export type AgentPhase =
  | 'starting'
  /** No bootstrap record yet. */
  | 'awaitingBootstrap'
  /** Empty disk and no part in the bootstrap, or this member was started before: never forms a cluster; `reason` says why. */
  | 'awaitingJoin'
  /** On its way into a cluster that was created; `reason` says what it waits for. */
  | 'joining'
  | 'installingRelease'
  | 'running'
  | 'crashLooping'
  /** Its instance is being terminated; `reason` says what it waits for. */
  | 'leaving'
  | 'left';

/** The agent's state: result of `describe` and body of `GET /status`. */
export interface Description {
  readonly instanceId: string;
  readonly cluster: string;
  readonly zone: string;
  readonly address: string;
  readonly agentVersion: string;
  readonly phase: AgentPhase;
  /** One sentence. */
  readonly reason: string;
  readonly etcd: {
    readonly pid: number | null;
    readonly version: string | null;
    /** Starts since the agent first ran on this instance, and those of them that followed a crash. */
    readonly starts: number;
    readonly crashes: number;
    readonly lastExit: string | null;
  };
  readonly member: {
    readonly id: string | null;
    readonly clusterId: string | null;
    readonly clusterVersion: string | null;
    readonly isLeader: boolean;
    readonly leaderId: string | null;
    readonly members: readonly { readonly id: string; readonly name: string; readonly isLearner: boolean }[];
  } | null;
  /** How its etcd is served. Absent: an older agent's word. */
  readonly transport?: Transport;
  /** Of an etcd that speaks TLS: when the first of its instance's certificates ends, ISO 8601. Absent or null: plain HTTP. */
  readonly tls?: { readonly endsAt: string } | null;
  readonly health: HealthVerdict;
  /** Of etcd's v3 backend; null where there is none or it does not answer. */
  readonly database: DatabaseSize | null;
  /** The last round of the leader's housekeeping; null on every other member. */
  readonly housekeeping: HousekeepingRound | null;
  /** How the cluster's DNS records stand, as the leader's agent knows; null on every other member. */
  readonly dns: { readonly verdict: 'inSync' | 'changed' | 'unknown' | 'notOurs'; readonly reason: string } | null;
  /** The ledger's entry of `input.commandId`, null where there is none. */
  readonly command: LedgerEntry | null;
}

export interface HousekeepingRound {
  /** ISO 8601 */
  readonly at: string;
  /** Why nothing was done; null: it was. */
  readonly paused: string | null;
  readonly findings: readonly Finding[];
}

/** How a command ended: kept in the ledger and carried by the task token. */
export type Outcome<Result = unknown> =
  | { readonly status: 'succeeded'; readonly result: Result }
  | { readonly status: 'failed'; readonly fault: FaultName; readonly cause: string };

export interface LedgerEntry {
  readonly id: string;
  readonly command: CommandName;
  /** ISO 8601 */
  readonly receivedAt: string;
  readonly outcome: Outcome | { readonly status: 'running' };
}

/** The one line that `etcd-agent command` prints to stdout (Run Command keeps the first 24,000 characters). */
export type CommandReply =
  | { readonly accepted: true; readonly id: string; readonly entry: LedgerEntry }
  | { readonly accepted: false; readonly fault: FaultName; readonly cause: string };

/**
 * The SSM document's parameter: base64 of the envelope's JSON. Amazon's agent compiles the pattern with Go's regexp, which
 * allows at most 1000 repeats, so the length is checked by the receiver.
 */
export const payloadPattern = '^[A-Za-z0-9+/]+={0,2}$';
/** In characters. */
export const longestPayload = 16_384;

export function encodeCommand(envelope: CommandEnvelope): string {
  return Buffer.from(JSON.stringify(envelope), 'utf8').toString('base64');
}

/** IMDS instance tags that tell an agent where it belongs. */
export const agentTags = {
  cluster: 'etcd-appliance:cluster',
  /** Name of the DynamoDB table with the cluster record. */
  table: 'etcd-appliance:table',
  /** Name of the S3 bucket with the agent and the etcd releases. */
  bucket: 'etcd-appliance:bucket',
  /** ARN of the function that signs certificates. */
  certificates: 'etcd-appliance:certificates',
  /** The region of the cluster record, of the bucket and of that function. */
  homeRegion: 'etcd-appliance:home-region',
} as const;

/** Keys in the cluster's bucket. */
export const bucketKeys = {
  /** Same layout as the official archive: `etcd-vX.Y.Z-linux-ARCH/etcd` inside. Its SHA-256 (hex) is in the object of the same key + `.sha256`. */
  etcdRelease: (version: string, arch: 'amd64' | 'arm64') => `releases/etcd-v${version}-linux-${arch}.tar.gz`,
  agent: (sha256: string) => `agent/etcd-agent-${sha256.slice(0, 16)}.cjs`,
  /** Sorted by time below each cluster's token. Colons are left out: not every file system takes them in a name. */
  backup: ({ clusterToken, atMs, operation, member, format }: Backup) =>
    `backups/${clusterToken}/${new Date(atMs).toISOString().replace(/:|\.\d+/g, '')}-${operation}-${member}.${format}`,
} as const;

/** Which backup it is; what it holds is said by its object's metadata. */
export interface Backup {
  readonly clusterToken: string;
  /** Epoch milliseconds; the key has the second. */
  readonly atMs: number;
  /** Id of the operation that it was made for, such as the name of the execution. */
  readonly operation: string;
  readonly member: string;
  /** `db`: a snapshot of the v3 backend; `tar.gz`: a data directory of etcd 2.x. */
  readonly format: 'db' | 'tar.gz';
}

/** Lifecycle hook of the group that holds a terminating instance until its member has left. */
export const terminationHook = 'etcd-member-leaves';

/** Ports on each instance. The status endpoint listens on a loopback address only. */
export const ports = { client: 2379, peer: 2380, status: 2378 } as const;
