/** The commands of an upgrade, their inputs and results. */
import type { Description } from '../protocol.ts';
import type { MemberSecurity } from './security.ts';

/** name -> input and result */
export interface UpgradeCommands {
  /** What an upgrade must know of this member before it decides. */
  survey: { input: Record<never, never>; result: Survey };
  /** Installs an etcd release beside those that are there. */
  installRelease: { input: { readonly version: string }; result: { readonly version: string } };
  /** A member's step of an upgrade: out of DNS, leadership handed over, stopped, swapped, started, healthy again. */
  upgradeMember: { input: UpgradeMemberInput; result: UpgradedMember };
  /** Waits until this member reports the cluster version and has really written and read under it. */
  awaitClusterVersion: { input: AwaitClusterVersionInput; result: FlippedMember };
  /** Puts a backup of this member into the cluster's bucket. */
  backUp: { input: BackUpInput; result: BackedUp };
  /** Deletes every key of the v2 store, through this member. */
  deleteV2Keys: { input: Record<never, never>; result: { readonly deleted: readonly string[] } };
  /** Looks for keys of the v2 API in this member's newest snapshot and log. */
  checkV2Store: { input: Record<never, never>; result: { readonly member: string } };
  /** Writes entries until this member has taken a raft snapshot of all that was there when it was asked. */
  takeRaftSnapshot: {
    input: { readonly timeoutMs: number };
    result: { readonly member: string; readonly snapshotIndex: number };
  };
}

/** What `survey` finds; sizes in bytes. */
export interface Survey {
  readonly description: Description;
  readonly security: MemberSecurity;
  /** Of the raft log; null where etcd does not say. */
  readonly raftIndex: number | null;
  /** Index of the newest raft snapshot on disk; 0: none. */
  readonly snapshotIndex: number;
  /** Entries between two raft snapshots that it was started with; 0: etcd's own default. */
  readonly snapshotCount: number;
  /** Whether it was started with the v2 API on where that is not the default. */
  readonly v2Api: boolean;
  readonly dataBytes: number;
  /** The most that a backup of it takes: snapshots, log and database. */
  readonly backupBytes: number;
  /** Of the data volume, and of the volume with the releases. */
  readonly freeBytes: number;
  readonly releasesFreeBytes: number;
  /** That releases are fetched for. */
  readonly arch: 'amd64' | 'arm64';
  /** Versions that are installed. */
  readonly releases: readonly string[];
  /** Epoch milliseconds of this instance's clock. */
  readonly clockMs: number;
  readonly authEnabled: boolean;
  /** At the top of the v2 store, at most 50 of at most 200 characters; null where the v2 API is not served. */
  readonly v2Keys: readonly string[] | null;
  /** Why they could not be listed; empty where they were, or the v2 API is not served. */
  readonly v2Problem: string;
}

export interface UpgradeMemberInput {
  /** X.Y.Z */
  readonly version: string;
  /** Entries between two raft snapshots; 0: etcd's own default. */
  readonly snapshotCount: number;
  /** Whether the v2 API is served where that is not the default: 3.4 and 3.5. */
  readonly v2Api: boolean;
  /** How long the member may take to be healthy again, in milliseconds, before what its data adds. */
  readonly timeoutMs: number;
}

export interface UpgradedMember {
  readonly member: string;
  readonly version: string;
  /** Whether it led and handed the leadership over. */
  readonly handedOver: boolean;
  /** Milliseconds from the stop of the old etcd to the first answered read and write; 0 where it ran that already. */
  readonly downMs: number;
  /** Milliseconds from the command's start. */
  readonly waitedMs: number;
}

export interface BackUpInput {
  /** Part of the object's name. */
  readonly operation: string;
  /** `db`: a snapshot of the v3 backend. `tar.gz`: snapshot and log of the data directory. */
  readonly format: 'db' | 'tar.gz';
  /** For each transfer, in milliseconds. */
  readonly timeoutMs: number;
}

export interface BackedUp {
  readonly member: string;
  /** In the cluster's bucket. */
  readonly key: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface AwaitClusterVersionInput {
  /** X.Y.0; empty: whatever it reports. */
  readonly clusterVersion: string;
  /** How long to wait, in milliseconds, before the command fails with `ClusterVersionNotReached`. */
  readonly timeoutMs: number;
}

export interface FlippedMember {
  readonly member: string;
  /** X.Y.0; empty where it has none. */
  readonly clusterVersion: string;
  /** Of the raft log, after it was reached. */
  readonly raftIndex: number;
}
