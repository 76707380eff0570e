/** Facts of a cluster as the decisions of a rotation take them. */
import type { RotationRecord } from '#etcd/record.ts';
import type { Description } from '../../../agent/protocol.ts';
import type { GroupState } from '../../../tasks/plan/group.ts';
import type { MemberReport } from '../../../tasks/plan/memberReports.ts';
import type { GroupInstance } from '../../../tasks/plan/members.ts';

export const instance = (instanceId: string, zone = 'a', lifecycleState = 'InService'): GroupInstance => ({
  instanceId,
  zone,
  lifecycleState,
  health: 'Healthy',
});

export const groupOf = (instances: readonly GroupInstance[], changes: Partial<GroupState> = {}): GroupState => ({
  region: 'home',
  name: 'members',
  minSize: 3,
  maxSize: 4,
  desiredCapacity: 3,
  suspendedProcesses: [],
  instances,
  ...changes,
});

export const whole = groupOf([instance('i-1', 'a'), instance('i-2', 'b'), instance('i-3', 'c')]);

export const recordOf = (changes: Partial<RotationRecord> = {}): RotationRecord => ({
  cluster: 'etcd',
  item: 'rotation',
  token: 1,
  execution: 'first',
  reason: 'new image',
  beganAt: '2026-01-01T00:00:00Z',
  instances: ['i-1', 'i-2', 'i-3'],
  desiredCapacity: 3,
  suspended: ['AZRebalance'],
  replaced: [],
  ...changes,
});

export interface Seen {
  readonly leader?: string;
  /** Names that it lists besides, or instead. */
  readonly lists?: readonly string[];
  readonly learners?: readonly string[];
  readonly version?: string;
  readonly clusterId?: string;
  readonly unwell?: string;
}

/** A member's report; ids are the names in upper case. */
export function reportOf(name: string, members: readonly string[], seen: Seen = {}): MemberReport {
  const { leader = members[0] ?? '', lists = members, learners = [], version = '3.5.35', clusterId = 'c' } = seen;
  const description = {
    instanceId: name,
    phase: 'running',
    reason: 'etcd is kept running',
    etcd: { version },
    health: seen.unwell === undefined ? { verdict: 'healthy' } : { verdict: 'converging', reasons: [seen.unwell] },
    member: {
      id: name.toUpperCase(),
      clusterId,
      leaderId: leader.toUpperCase(),
      isLeader: leader === name,
      members: lists.map((one) => ({ id: one.toUpperCase(), name: one, isLearner: learners.includes(one) })),
    },
  };
  return { instanceId: name, description: description as unknown as Description, problem: '' };
}

export const reportsOf = (members: readonly string[], seen: Seen = {}) =>
  members.map((name) => reportOf(name, members, seen));
