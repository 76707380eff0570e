/** The tasks of ClusterBootstrap, and those that every machine shares. */
import type { BootstrapRecord } from '#etcd/record.ts';
import type { HealthyMember } from '../../agent/protocol.ts';
import { sending, small, type TaskEntry } from './entry.ts';

export interface BootstrapTasks {
  checkRequest: { input: { request: unknown; startTime: string }; output: CheckedRequest };
  readClusterRecord: { input: Record<never, never>; output: RecordState };
  findInstances: { input: { deadline: string }; output: InstanceSearch };
  writeBootstrapRecord: { input: { execution: string; found: readonly FoundInstance[] }; output: RecordState };
  awaitMemberHealth: { input: AwaitMemberHealthInput; output: { commandId: string } };
  describeMember: { input: DescribeMemberInput; output: CommandState };
  confirmMembership: { input: { members: readonly HealthyMember[] }; output: Membership };
  markCreated: { input: { execution: string; membership: Membership }; output: { createdAt: string } };
  explainFailure: { input: { failure: { Error: string; Cause: string } }; output: Explanation };
}

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

export const bootstrapTasks: Readonly<Record<keyof BootstrapTasks, TaskEntry>> = {
  checkRequest: { entry: 'bootstrap/checkRequest', ...small, permissions: [] },
  readClusterRecord: { entry: 'bootstrap/readClusterRecord', ...small, permissions: ['readRecord', 'describeGroup'] },
  findInstances: { entry: 'bootstrap/findInstances', ...small, permissions: ['describeGroup', 'describeInstances'] },
  writeBootstrapRecord: {
    entry: 'bootstrap/writeBootstrapRecord',
    ...small,
    permissions: ['readRecord', 'writeRecord'],
  },
  awaitMemberHealth: { entry: 'bootstrap/awaitMemberHealth', ...sending, permissions: ['sendCommand'] },
  describeMember: { entry: 'bootstrap/describeMember', ...sending, permissions: ['sendCommand'] },
  confirmMembership: { entry: 'bootstrap/confirmMembership', ...small, permissions: [] },
  markCreated: {
    entry: 'bootstrap/markCreated',
    ...small,
    permissions: ['readRecord', 'writeRecord', 'updateRecord'],
  },
  explainFailure: { entry: 'bootstrap/explainFailure', ...small, permissions: [] },
};
