/** The tasks of MultiregionMigration, and those with which ClusterBootstrap finds out how far two regions are from each other. */
import type { RaftTiming } from '#etcd/timing.ts';
import type { MeasuredRoundTrips } from '../../agent/protocol.ts';
import { asking, lockAccess, sending, small, type TaskEntry } from './entry.ts';
import type { Held } from './lock.ts';

export interface RegionTasks {
  /** One instance of each region, and whom it measures. */
  findProbes: { input: Record<never, never>; output: { probes: readonly Probe[] } };
  measureRoundTrips: { input: MeasureTaskInput; output: { commandId: string } };
  /** At bootstrap, before any member has started. */
  recordTiming: { input: { execution: string; measured: readonly MeasuredRoundTrips[] }; output: Timing };
  checkRegionChange: { input: { request: unknown }; output: CheckedRegionChange };
  planRegionChange: { input: { execution: string; request: CheckedRegionChange }; output: RegionChangePlan };
  beginRegionChange: {
    input: Held & { request: CheckedRegionChange; plan: RegionChangePlan };
    output: { beganAt: string };
  };
  enableRegion: { input: Held; output: { desiredCapacity: number } };
  /** Under the lock: members restart for it one by one. */
  changeTiming: { input: ChangeTimingInput; output: Timing };
  awaitTiming: { input: AwaitTimingTaskInput; output: { commandId: string } };
  openMembership: { input: Held; output: { open: true } };
  chooseMove: { input: Held; output: NextMove };
  addMember: { input: Held & { move: NextMove }; output: { desiredCapacity: number } };
  removeMember: { input: Held & { move: NextMove }; output: { instance: string } };
  disableRegion: { input: Held; output: { members: RegionMembers } };
  finishRegionChange: { input: Held & { steps: readonly string[] }; output: RegionChangeReport };
  abandonRegionChange: { input: Held; output: RegionChangeReport };
}

export interface Probe {
  readonly instanceId: string;
  /** Private addresses of the instances in the other region. */
  readonly addresses: readonly string[];
}

export interface MeasureTaskInput {
  execution: string;
  probe: Probe;
  taskToken: string;
}

export interface Timing extends RaftTiming {
  /** The worst, milliseconds. */
  readonly roundTripMs: number;
  /** Those that restart for it. */
  readonly members: readonly string[];
}

export interface CheckedRegionChange {
  readonly action: 'add' | 'leave' | 'resume' | 'rollBack' | 'abandon';
  /** The region that is added or left; empty where the record knows it. */
  readonly region: string;
  readonly homeMembers: number;
  readonly remoteMembers: number;
  readonly dryRun: boolean;
  readonly maxRoundTripMs: number;
}

/** What is to be done: the answer of a dry run. */
export interface RegionChangePlan {
  readonly cluster: string;
  readonly action: CheckedRegionChange['action'];
  /** Region names. */
  readonly home: string;
  readonly remote: string;
  readonly from: RegionMembers;
  readonly to: RegionMembers;
  /** Whether the second region is to have members: then it is enabled first, and the timing is measured. */
  readonly enables: boolean;
  readonly maxRoundTripMs: number;
  /** Sentences. */
  readonly steps: readonly string[];
  /** What the loss of a region means then. Sentences. */
  readonly losses: readonly string[];
}

export interface RegionMembers {
  readonly home: number;
  readonly remote: number;
}

export interface ChangeTimingInput extends Held {
  /** Empty: back to etcd's own, as in one region. */
  measured: readonly MeasuredRoundTrips[];
  maxRoundTripMs: number;
}

export interface AwaitTimingTaskInput {
  execution: string;
  token: number;
  member: string;
  timing: Timing;
  taskToken: string;
}

export interface NextMove {
  readonly step: 'add' | 'remove' | 'leaves' | 'done';
  readonly region: string;
  /** `remove`, `leaves`: whose member; empty otherwise. */
  readonly old: string;
  /** Instance id of a member that stays. */
  readonly witness: string;
  /** Members before. */
  readonly known: readonly string[];
  /** Tells this move from the others of the execution. */
  readonly label: string;
}

export interface RegionChangeReport {
  readonly cluster: string;
  readonly home: string;
  readonly remote: string;
  readonly from: RegionMembers;
  readonly to: RegionMembers;
  /** ISO 8601 */
  readonly beganAt: string;
  /** ISO 8601 */
  readonly endedAt: string;
  readonly abandoned: boolean;
  /** What was done, as it was planned. Sentences; none where it was abandoned. */
  readonly done: readonly string[];
  /** What is left for the operator to do. Sentences. */
  readonly next: readonly string[];
}

export const regionTasks: Readonly<Record<keyof RegionTasks, TaskEntry>> = {
  findProbes: { entry: 'regions/findProbes', ...small, permissions: ['describeGroup', 'describeInstances'] },
  measureRoundTrips: { entry: 'regions/measureRoundTrips', ...sending, permissions: ['sendCommand'] },
  recordTiming: { entry: 'regions/recordTiming', ...small, permissions: ['readRecord', 'writeRecord'] },
  checkRegionChange: { entry: 'regions/checkRegionChange', ...small, permissions: [] },
  planRegionChange: {
    entry: 'regions/planRegionChange',
    ...asking,
    permissions: ['readRecord', 'describeGroup', 'sendCommand', 'describeRegionChanges', 'describeNetworks'],
  },
  beginRegionChange: { entry: 'regions/beginRegionChange', ...small, permissions: lockAccess },
  enableRegion: {
    entry: 'regions/enableRegion',
    ...small,
    permissions: [...lockAccess, 'describeGroup', 'setCapacityOfSecond'],
  },
  changeTiming: {
    entry: 'regions/changeTiming',
    ...asking,
    permissions: [...lockAccess, 'describeGroup', 'sendCommand'],
  },
  awaitTiming: { entry: 'regions/awaitTiming', ...sending, permissions: ['sendCommand'] },
  openMembership: { entry: 'regions/openMembership', ...small, permissions: lockAccess },
  chooseMove: {
    entry: 'regions/chooseMove',
    ...asking,
    permissions: [...lockAccess, 'describeGroup', 'sendCommand', 'setCapacity'],
  },
  addMember: { entry: 'regions/addMember', ...small, permissions: [...lockAccess, 'describeGroup', 'setCapacity'] },
  removeMember: {
    entry: 'regions/removeMember',
    ...small,
    permissions: [...lockAccess, 'describeGroup', 'terminateInstances'],
  },
  disableRegion: {
    entry: 'regions/disableRegion',
    ...asking,
    permissions: [...lockAccess, 'describeGroup', 'sendCommand', 'terminateInstancesOfSecond'],
  },
  finishRegionChange: { entry: 'regions/finishRegionChange', ...small, permissions: lockAccess },
  abandonRegionChange: {
    entry: 'regions/abandonRegionChange',
    ...asking,
    permissions: [...lockAccess, 'describeGroup', 'sendCommand', 'setCapacity', 'terminateInstances'],
  },
};
