/** The tasks of RollingUpgrade and UpgradeHop. */
import type { FlippedMember } from '../../agent/protocol.ts';
import { asking, lockAccess, sending, small, type TaskEntry } from './entry.ts';
import type { Held } from './lock.ts';
import type { CheckedRotation } from './rotation.ts';

export interface UpgradeTasks {
  checkUpgrade: { input: { request: unknown }; output: CheckedUpgrade };
  planUpgrade: { input: { execution: string; request: CheckedUpgrade }; output: UpgradePlan };
  beginUpgrade: { input: Held & { request: CheckedUpgrade; plan: UpgradePlan }; output: { beganAt: string } };
  chooseHop: { input: Held & { request: CheckedUpgrade }; output: NextHop };
  installRelease: { input: MemberTaskInput; output: { commandId: string } };
  admitMembers: { input: Held & { hop: Hop }; output: Admission };
  closeMembership: { input: Held; output: { closed: true } };
  /** `previous`: the member whose step was the last one; empty at first. */
  chooseMember: { input: Held & { hop: Hop; previous: string }; output: NextMember };
  upgradeMember: { input: MemberTaskInput; output: { commandId: string } };
  backUpMember: { input: MemberTaskInput & { format: BackUpFormat }; output: { commandId: string } };
  deleteV2Keys: { input: MemberTaskInput; output: { commandId: string } };
  checkV2Store: { input: MemberTaskInput; output: { commandId: string } };
  awaitClusterVersion: { input: MemberTaskInput; output: { commandId: string } };
  takeRaftSnapshot: { input: MemberTaskInput; output: { commandId: string } };
  noteHop: { input: Held & { hop: Hop; flipped: readonly FlippedMember[] }; output: { done: number } };
  finishUpgrade: { input: Held & { abandoned: boolean }; output: UpgradeReport };
}

export interface CheckedUpgrade {
  /** `resume` goes on with a halted upgrade, `rollBack` takes its last hop back, `abandon` leaves it and frees the lock. */
  readonly action: 'upgrade' | 'resume' | 'rollBack' | 'abandon';
  /** X.Y.Z; empty where the action knows it. */
  readonly to: string;
  readonly strategy: 'inPlace' | 'replace';
  readonly dryRun: boolean;
  readonly pauseBetweenMembersSeconds: number;
  readonly pauseBetweenHops: boolean;
  /** What becomes of keys of the v2 API before 3.6: `keep` refuses the upgrade while there are any. */
  readonly v2Keys: 'keep' | 'delete';
}

/** A condition of a hop. */
export interface Gate {
  readonly gate: 'leastPatch' | 'authOff' | 'raftSnapshot' | 'v3Key' | 'emptyV2Store' | 'swapOnly' | 'clusterVersion';
  /** `met`: it holds now. `planned`: the upgrade sees to it, or checks it when it gets there. */
  readonly state: 'met' | 'planned';
  /** One sentence. */
  readonly reason: string;
  readonly source: string;
}

/** One step of the ladder: every member goes to one release. */
export interface Hop {
  /**
   * `restart`: the same release, with few entries between two raft snapshots, so that every member takes one. `finish`: every
   * member runs the release already, and an upgrade that was halted had not seen all of them well with it.
   */
  readonly kind: 'minor' | 'patch' | 'restart' | 'finish' | 'rollBack';
  /** X.Y.Z: the lowest that a member runs. */
  readonly from: string;
  /** X.Y.Z */
  readonly to: string;
  /** Entries between two raft snapshots that members are started with; 0: etcd's own default. */
  readonly snapshotCount: number;
  /** X.Y.0 that every member must report in the end; empty on 2.0, which has none. */
  readonly clusterVersion: string;
  /** Whether every member takes a raft snapshot before the next hop. */
  readonly raftSnapshot: boolean;
  /** Whether members are started with the v2 API on where that is not the default: clients have keys in it. */
  readonly v2Api: boolean;
  /** Whether the keys of the v2 store are deleted before the members are restarted. */
  readonly deletesV2Keys: boolean;
  /** Whether every member's v2 store is looked through before any is touched. */
  readonly checksV2Store: boolean;
  readonly gates: readonly Gate[];
}

export interface UpgradePlan {
  readonly cluster: string;
  /** X.Y.Z: the lowest that a member runs. */
  readonly from: string;
  readonly to: string;
  readonly hops: readonly Hop[];
  /** As it would be now: followers first, the leader last. */
  readonly order: readonly { readonly member: string; readonly version: string; readonly leads: boolean }[];
  /** The newest backup of this cluster that is in its bucket; null where there is none. Each flip makes one more before it. */
  readonly lastBackup: { readonly key: string; readonly madeAt: string } | null;
  /** Where each release of the ladder comes from. */
  readonly releases: readonly { readonly version: string; readonly from: 'bucket' | 'official' | 'installed' }[];
  /** Estimate for all of it. */
  readonly estimatedSeconds: number;
  /** Sentences. */
  readonly steps: readonly string[];
  /** ISO 8601: when the upgrade began that is gone on with; null where a new one begins. */
  readonly goesOnWith: string | null;
  /** Whether an upgrade that was halted while it replaced instances has not given the group back. */
  readonly owesGroup: boolean;
}

/** What every task carries that hands a command to one member's agent. */
export interface MemberTaskInput {
  execution: string;
  token: number;
  hop: Hop;
  /** Name, which is the instance id. */
  member: string;
  taskToken: string;
}

export interface NextHop {
  readonly step: 'hop' | 'done';
  /** Of no meaning where all is done. */
  readonly hop: Hop;
  readonly strategy: CheckedUpgrade['strategy'];
  /** Hops done, and still to do with this one. */
  readonly done: number;
  readonly remaining: number;
  /** Names of all members. */
  readonly members: readonly string[];
  /** Through whom the keys of the v2 store are deleted: one that serves the v2 API; empty where nobody does. */
  readonly v2Member: string;
  /** Made before any member is touched: by whom, and of what. */
  readonly backups: readonly { readonly member: string; readonly format: BackUpFormat }[];
}

export type BackUpFormat = 'db' | 'tar.gz';

/** What the replacement of the instances goes by: the input of its states. */
export interface Admission {
  readonly execution: string;
  readonly token: number;
  readonly request: CheckedRotation;
  readonly plan: { readonly goesOnWith: string | null };
}

export interface NextMember {
  readonly step: 'upgrade' | 'done';
  readonly member: string;
  readonly leads: boolean;
  readonly remaining: number;
  /** Names of all members. */
  readonly members: readonly string[];
}

export interface UpgradeReport {
  readonly cluster: string;
  readonly from: string;
  readonly to: string;
  /** ISO 8601 */
  readonly beganAt: string;
  /** ISO 8601 */
  readonly endedAt: string;
  /** Whether it was left before its end. */
  readonly abandoned: boolean;
  readonly hops: readonly { readonly to: string; readonly endedAt: string }[];
}

const command = ['sendCommand'] as const;

export const upgradeTasks: Readonly<Record<keyof UpgradeTasks, TaskEntry>> = {
  checkUpgrade: { entry: 'upgrade/checkUpgrade', ...small, permissions: [] },
  planUpgrade: {
    entry: 'upgrade/planUpgrade',
    ...asking,
    permissions: ['readRecord', 'describeGroup', 'sendCommand', 'describeUpgrades', 'listReleases', 'listBackups'],
  },
  beginUpgrade: { entry: 'upgrade/beginUpgrade', ...small, permissions: lockAccess },
  chooseHop: {
    entry: 'upgrade/chooseHop',
    ...asking,
    permissions: [...lockAccess, 'describeGroup', 'sendCommand', 'listReleases'],
  },
  installRelease: { entry: 'upgrade/installRelease', ...sending, permissions: command },
  admitMembers: {
    entry: 'upgrade/admitMembers',
    ...small,
    permissions: lockAccess,
  },
  closeMembership: { entry: 'upgrade/closeMembership', ...small, permissions: lockAccess },
  chooseMember: {
    entry: 'upgrade/chooseMember',
    ...asking,
    permissions: [...lockAccess, 'describeGroup', 'sendCommand'],
  },
  upgradeMember: { entry: 'upgrade/upgradeMember', ...sending, permissions: command },
  backUpMember: { entry: 'upgrade/backUpMember', ...sending, permissions: command },
  deleteV2Keys: { entry: 'upgrade/deleteV2Keys', ...sending, permissions: command },
  checkV2Store: { entry: 'upgrade/checkV2Store', ...sending, permissions: command },
  awaitClusterVersion: { entry: 'upgrade/awaitClusterVersion', ...sending, permissions: command },
  takeRaftSnapshot: { entry: 'upgrade/takeRaftSnapshot', ...sending, permissions: command },
  noteHop: { entry: 'upgrade/noteHop', ...small, permissions: lockAccess },
  finishUpgrade: { entry: 'upgrade/finishUpgrade', ...small, permissions: lockAccess },
};
