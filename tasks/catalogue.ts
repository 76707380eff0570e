/**
 * Every task of the state machines: what it takes and gives, where its code is, and what it may do. Workflows take the
 * types from here, infra deploys from here.
 */
import type { BootstrapRecord, Replacement } from '#etcd/record.ts';
import type { HealthyMember } from '../agent/protocol.ts';

/** Name -> input and output. An input's values are literals here and JSONPaths in a workflow. */
export interface Tasks {
  checkRequest: { input: { request: unknown; startTime: string }; output: CheckedRequest };
  readClusterRecord: { input: Record<never, never>; output: RecordState };
  findInstances: { input: { deadline: string }; output: InstanceSearch };
  writeBootstrapRecord: { input: { execution: string; found: readonly FoundInstance[] }; output: RecordState };
  awaitMemberHealth: { input: AwaitMemberHealthInput; output: { commandId: string } };
  describeMember: { input: DescribeMemberInput; output: CommandState };
  confirmMembership: { input: { members: readonly HealthyMember[] }; output: Membership };
  markCreated: { input: { execution: string; membership: Membership }; output: { createdAt: string } };
  explainFailure: { input: { failure: { Error: string; Cause: string } }; output: Explanation };
  takeLock: { input: TakeLockInput; output: { token: number } };
  renewLock: { input: { holder: string; token: number; leaseSeconds: number }; output: { leaseUntilMs: number } };
  releaseLock: { input: { holder: string; token: number }; output: { released: true } };
  checkRotation: { input: { request: unknown }; output: CheckedRotation };
  checkCluster: { input: { execution: string; request: CheckedRotation }; output: RotationPlan };
  beginRotation: { input: BeginRotationInput; output: { instances: readonly string[] } };
  chooseInstance: { input: Held; output: NextInstance };
  addInstance: { input: Held; output: { desiredCapacity: number } };
  awaitNewMember: { input: AwaitNewMemberTaskInput; output: { commandId: string } };
  awaitSuccessorHealth: { input: AwaitSuccessorHealthInput; output: { commandId: string } };
  terminateInstance: { input: Held & { old: string; successor: string }; output: LeavingMember };
  awaitMemberGone: { input: AwaitMemberGoneTaskInput; output: { commandId: string } };
  noteReplacement: { input: Held & { pauseSeconds: number }; output: { replaced: number; remaining: number } };
  restoreGroup: { input: Held; output: RotationReport };
  judgeCluster: { input: { execution: string }; output: { verdict: 'clear' | 'unclear'; reason: string } };
}

export type TaskName = keyof Tasks;

export interface CheckedRequest {
  readonly cluster: string;
  /** ISO 8601: until then the group's instances must be in service. */
  readonly instancesDeadline: string;
}

/** What the cluster record says, as far as the machine needs it. */
export interface RecordState {
  readonly state: 'absent' | 'written' | 'created';
  /** In the record's order; empty where it is absent. */
  readonly members: readonly RecordedMember[];
  /** Names that every member has to list; empty once the cluster was created. */
  readonly names: readonly string[];
  /** X.Y.Z that every member has to run; null once the cluster was created: upgrades change it. */
  readonly etcdVersion: string | null;
}

export type RecordedMember = Pick<BootstrapRecord['members'][number], 'name' | 'instanceId'>;

export interface FoundInstance {
  readonly instanceId: string;
  readonly zone: string;
  readonly address: string;
}

export interface InstanceSearch {
  readonly verdict: 'ready' | 'waiting';
  /** In service, as many as the cluster has members. */
  readonly instances: readonly FoundInstance[];
  /** One sentence. */
  readonly reason: string;
}

export interface AwaitMemberHealthInput {
  /** `execution/state/member/attempt` is made of these. */
  execution: string;
  attempt: number;
  member: RecordedMember;
  /** Names of all members. */
  members: readonly string[];
  etcdVersion: string | null;
  taskToken: string;
}

export interface DescribeMemberInput {
  execution: string;
  attempt: number;
  member: RecordedMember;
}

export interface CommandState {
  readonly status: 'succeeded' | 'failed' | 'running' | 'unknown';
  /** Where it succeeded. */
  readonly result: HealthyMember | null;
  readonly fault: string;
  readonly cause: string;
  /** Of the next attempt. */
  readonly nextAttempt: number;
}

export interface Membership {
  readonly clusterId: string;
  readonly etcdVersion: string;
  readonly members: readonly string[];
  readonly leader: string | null;
}

export interface Explanation {
  readonly error: string;
  readonly cause: string;
}

export interface TakeLockInput {
  /** ARN of the execution. */
  holder: string;
  purpose: string;
  leaseSeconds: number;
  /** Whether new instances may join while it is held. */
  joins: boolean;
  /** Whether it takes the lock over from an execution of the same state machine that has ended. */
  resumes: boolean;
}

/** What every task carries that works under the lock. */
export interface Held {
  /** ARN of the execution. */
  execution: string;
  /** Fencing token. */
  token: number;
  /** From now on: longer than the longest wait that may follow. */
  leaseSeconds: number;
}

export interface CheckedRotation {
  readonly reason: string;
  readonly instances: 'all' | readonly string[];
  readonly pauseBetweenSeconds: number;
  readonly dryRun: boolean;
}

export interface BeginRotationInput extends Held {
  request: CheckedRotation;
  /** Of the plan. */
  goesOnWith: string | null;
}

/** What is to be done: the answer of a dry run. */
export interface RotationPlan {
  /** As it would be now: the leader is looked for again before each. */
  readonly order: readonly { readonly instanceId: string; readonly zone: string; readonly leads: boolean }[];
  /** By the rotation that is gone on with. */
  readonly alreadyReplaced: readonly string[];
  /** ISO 8601: when that rotation began; null where a new one begins. */
  readonly goesOnWith: string | null;
  /** Sentences. */
  readonly steps: readonly string[];
}

export interface NextInstance {
  /** `leave`: it is on its way out already. */
  readonly step: 'replace' | 'leave' | 'done';
  readonly old: string;
  /** Instance id of a member that stays. */
  readonly witness: string;
  /** Members before the successor was asked for. */
  readonly known: readonly string[];
}

/** The member that leaves, and one that sees it go. */
export interface LeavingMember {
  readonly old: string;
  readonly witness: string;
}

export interface AwaitNewMemberTaskInput {
  execution: string;
  token: number;
  old: string;
  witness: string;
  known: readonly string[];
  taskToken: string;
}

export interface AwaitSuccessorHealthInput {
  execution: string;
  token: number;
  successor: RecordedMember;
  taskToken: string;
}

export interface AwaitMemberGoneTaskInput {
  execution: string;
  token: number;
  leaving: LeavingMember;
  taskToken: string;
}

/** Who replaced whom. */
export interface RotationReport {
  readonly cluster: string;
  readonly reason: string;
  /** ISO 8601 */
  readonly beganAt: string;
  /** ISO 8601 */
  readonly endedAt: string;
  readonly replaced: readonly Replacement[];
}

export type Permission =
  | 'readRecord'
  | 'writeRecord'
  | 'describeGroup'
  | 'describeInstances'
  | 'sendCommand'
  | 'describeRotations'
  | 'setCapacity'
  | 'terminateInstances'
  | 'suspendProcesses';

export interface TaskEntry {
  /** Below tasks/, without extension: `bootstrap/checkRequest`. */
  readonly entry: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly permissions: readonly Permission[];
}

const small = { timeoutSeconds: 10, memoryMiB: 256 } as const;
/** Hands a command to an agent. */
const sending = { timeoutSeconds: 60, memoryMiB: 256 } as const;
/** Asks all agents, and again where what they say may pass. */
const asking = { timeoutSeconds: 85, memoryMiB: 256 } as const;
const lock = ['readRecord', 'writeRecord'] as const;

export const catalogue: Readonly<Record<TaskName, TaskEntry>> = {
  checkRequest: { entry: 'bootstrap/checkRequest', ...small, permissions: [] },
  readClusterRecord: { entry: 'bootstrap/readClusterRecord', ...small, permissions: ['readRecord', 'describeGroup'] },
  findInstances: { entry: 'bootstrap/findInstances', ...small, permissions: ['describeGroup', 'describeInstances'] },
  writeBootstrapRecord: {
    entry: 'bootstrap/writeBootstrapRecord',
    ...small,
    permissions: ['readRecord', 'writeRecord'],
  },
  awaitMemberHealth: {
    entry: 'bootstrap/awaitMemberHealth',
    timeoutSeconds: 60,
    memoryMiB: 256,
    permissions: ['sendCommand'],
  },
  describeMember: {
    entry: 'bootstrap/describeMember',
    timeoutSeconds: 60,
    memoryMiB: 256,
    permissions: ['sendCommand'],
  },
  confirmMembership: { entry: 'bootstrap/confirmMembership', ...small, permissions: [] },
  markCreated: { entry: 'bootstrap/markCreated', ...small, permissions: ['readRecord', 'writeRecord'] },
  explainFailure: { entry: 'bootstrap/explainFailure', ...small, permissions: [] },
  takeLock: { entry: 'lock/takeLock', ...small, permissions: [...lock, 'describeRotations'] },
  renewLock: { entry: 'lock/renewLock', ...small, permissions: ['readRecord', 'writeRecord'] },
  releaseLock: { entry: 'lock/releaseLock', ...small, permissions: ['readRecord', 'writeRecord'] },
  checkRotation: { entry: 'rotation/checkRotation', ...small, permissions: [] },
  checkCluster: {
    entry: 'rotation/checkCluster',
    ...asking,
    permissions: ['readRecord', 'describeGroup', 'sendCommand', 'describeRotations'],
  },
  beginRotation: {
    entry: 'rotation/beginRotation',
    ...small,
    permissions: [...lock, 'describeGroup', 'suspendProcesses'],
  },
  chooseInstance: {
    entry: 'rotation/chooseInstance',
    ...asking,
    permissions: [...lock, 'describeGroup', 'sendCommand', 'suspendProcesses'],
  },
  addInstance: { entry: 'rotation/addInstance', ...small, permissions: [...lock, 'describeGroup', 'setCapacity'] },
  awaitNewMember: { entry: 'rotation/awaitNewMember', ...sending, permissions: ['sendCommand'] },
  awaitSuccessorHealth: { entry: 'rotation/awaitSuccessorHealth', ...sending, permissions: ['sendCommand'] },
  terminateInstance: {
    entry: 'rotation/terminateInstance',
    ...small,
    permissions: [...lock, 'describeGroup', 'terminateInstances'],
  },
  awaitMemberGone: { entry: 'rotation/awaitMemberGone', ...sending, permissions: ['sendCommand'] },
  noteReplacement: { entry: 'rotation/noteReplacement', ...small, permissions: lock },
  restoreGroup: {
    entry: 'rotation/restoreGroup',
    ...small,
    permissions: [...lock, 'describeGroup', 'setCapacity', 'terminateInstances', 'suspendProcesses'],
  },
  judgeCluster: {
    entry: 'rotation/judgeCluster',
    ...asking,
    permissions: ['readRecord', 'describeGroup', 'sendCommand'],
  },
};
