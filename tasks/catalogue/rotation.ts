/** The tasks of RotateInstances. */
import type { Replacement } from '#etcd/record.ts';
import type { RecordedMember } from './bootstrap.ts';
import { asking, lockAccess, sending, small, type TaskEntry } from './entry.ts';
import type { Held } from './lock.ts';

export interface RotationTasks {
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

export const rotationTasks: Readonly<Record<keyof RotationTasks, TaskEntry>> = {
  checkRotation: { entry: 'rotation/checkRotation', ...small, permissions: [] },
  checkCluster: {
    entry: 'rotation/checkCluster',
    ...asking,
    permissions: ['readRecord', 'describeGroup', 'sendCommand', 'describeRotations'],
  },
  beginRotation: {
    entry: 'rotation/beginRotation',
    ...small,
    permissions: [...lockAccess, 'describeGroup', 'suspendProcesses'],
  },
  chooseInstance: {
    entry: 'rotation/chooseInstance',
    ...asking,
    permissions: [...lockAccess, 'describeGroup', 'sendCommand', 'suspendProcesses'],
    // One region's group is given back before the next one is begun with.
    inTwoRegions: ['resumeProcesses', 'setCapacity', 'terminateInstances'],
  },
  addInstance: {
    entry: 'rotation/addInstance',
    ...small,
    permissions: [...lockAccess, 'describeGroup', 'setCapacity'],
  },
  awaitNewMember: { entry: 'rotation/awaitNewMember', ...sending, permissions: ['sendCommand'] },
  awaitSuccessorHealth: { entry: 'rotation/awaitSuccessorHealth', ...sending, permissions: ['sendCommand'] },
  terminateInstance: {
    entry: 'rotation/terminateInstance',
    ...small,
    permissions: [...lockAccess, 'describeGroup', 'terminateInstances'],
  },
  awaitMemberGone: { entry: 'rotation/awaitMemberGone', ...sending, permissions: ['sendCommand'] },
  noteReplacement: { entry: 'rotation/noteReplacement', ...small, permissions: lockAccess },
  restoreGroup: {
    entry: 'rotation/restoreGroup',
    ...small,
    permissions: [...lockAccess, 'describeGroup', 'setCapacity', 'terminateInstances', 'resumeProcesses'],
  },
  judgeCluster: {
    entry: 'rotation/judgeCluster',
    ...asking,
    permissions: ['readRecord', 'describeGroup', 'sendCommand'],
  },
};
