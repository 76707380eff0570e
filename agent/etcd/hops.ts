/** What has to be true before a cluster goes into a minor: one row per hop of the upgrade ladder, each with its source. */
import { compareVersions, type Minor, minorOf, minors } from './versions.ts';

export interface HopFacts {
  /** Least release that every member must run before. */
  readonly leastPatch?: Sourced<string>;
  /** The same, but only while auth is on. */
  readonly leastPatchWithAuth?: Sourced<string>;
  /** Auth must be off. */
  readonly authOff?: Sourced<true>;
  /** No entry that an older minor wrote may be replayed: every member takes a raft snapshot at the minor before. */
  readonly raftSnapshot?: Sourced<true>;
  /** A v3 key must have been written and read back at every member. */
  readonly v3Key?: Sourced<true>;
  /** The v2 store must be empty, in the snapshot and in the write-ahead log. */
  readonly emptyV2Store?: Sourced<true>;
  /** A member may not join with the new minor: its binary is swapped over data that has caught up. */
  readonly swapOnly?: Sourced<true>;
  /** A member that has run the new minor cannot run the old one on its data again, even while the cluster version allows it. */
  readonly noWayBack?: Sourced<true>;
}

export interface Sourced<Value> {
  readonly value: Value;
  /** One sentence for the operator. */
  readonly reason: string;
  readonly source: string;
}

const oldEntries = 'measured: a whole ladder with real binaries, each time (docs/decisions.md)';

/** By the minor that the hop leads into; a minor without a row asks for nothing. */
const table: Readonly<Partial<Record<Minor, HopFacts>>> = {
  '2.1': {
    leastPatch: {
      value: '2.0.3',
      reason: 'etcd 2.0.0 to 2.0.2 may panic while members of two minors are in one cluster',
      source: 'etcd Documentation/upgrade_2_1.md',
    },
  },
  '3.0': {
    swapOnly: {
      value: true,
      reason: 'a new 3.0 member cannot take a snapshot from a 2.3 leader and panics',
      source: 'etcd issue 5664; Documentation/upgrades/upgrade_3_0.md',
    },
    noWayBack: {
      value: true,
      reason:
        'etcd 2.3 panics on the log that 3.0 has written to (its records are padded, which 2.3 takes for their length)',
      source: 'measured; wal/encoder.go of 3.0 and wal/decoder.go of 2.3',
    },
  },
  '3.1': {
    v3Key: {
      value: true,
      reason: 'etcd 3.1 does not start where no v3 key was committed at cluster version 3.0',
      source: 'etcd issue 9480',
    },
    raftSnapshot: {
      value: true,
      reason: 'etcd 3.1 recovers its database from the newest snapshot',
      source: oldEntries,
    },
  },
  '3.3': {
    leastPatchWithAuth: {
      value: '3.2.31',
      reason: 'leases under auth could corrupt data while 3.2 and 3.3 are in one cluster',
      source: 'etcd issue 11689',
    },
  },
  '3.5': {
    authOff: {
      value: true,
      reason: 'the log of auth changed, so that a cluster with auth on cannot be upgraded member by member',
      source: 'etcd issue 11943',
    },
    raftSnapshot: {
      value: true,
      reason: 'etcd 3.5 that replays the cluster versions 2.3 and 3.0 refuses every request as "not capable", for ever',
      source: oldEntries,
    },
  },
  '3.6': {
    leastPatch: {
      value: '3.5.32',
      reason: 'older 3.5 members may come back as zombies or mistake learners for voters',
      source: 'etcd issues 19557, 20793, 20967; Documentation upgrade_3_6',
    },
    raftSnapshot: {
      value: true,
      reason: 'etcd 3.6 does not start with v2 requests in its log',
      source: 'etcd issue 20870',
    },
    emptyV2Store: {
      value: true,
      reason: 'etcd 3.6 does not start where the v2 store or the log still holds keys of the v2 API',
      source: 'etcd issue 20870; Documentation upgrade_3_6',
    },
  },
  '3.7': {
    leastPatch: {
      value: '3.6.11',
      reason: 'older 3.6 members cannot be in one cluster with 3.7',
      source: 'etcd Documentation upgrade_3_7',
    },
    raftSnapshot: {
      value: true,
      reason: 'etcd 3.7 panics on entries that 3.5 or older wrote',
      source: oldEntries,
    },
  },
};

/** What the hop into this minor asks for. */
export function hopInto(minor: Minor): HopFacts {
  return table[minor] ?? {};
}

/** Why a member that runs the newer release cannot be given the older one again; null where it can, as far as its data goes. */
export function noWayBack(newer: string, older: string): string | null {
  const minor = minorOf(newer);
  if (minor === null || minor === minorOf(older) || compareVersions(older, newer) > 0) return null;
  return hopInto(minor).noWayBack?.reason ?? null;
}

/** The minor after this one; null after the last. */
export function nextMinor(minor: Minor): Minor | null {
  return minors[minors.indexOf(minor) + 1] ?? null;
}

/** Releases that no upgrade may stop at, with the reason; null where there is nothing against one. */
export function knownBad(version: string): string | null {
  if (minorOf(version) === '2.0' && compareVersions(version, '2.0.3') < 0)
    return 'it may panic while members of two minors are in one cluster (etcd Documentation/upgrade_2_1.md)';
  if (minorOf(version) === '3.5' && compareVersions(version, '3.5.3') < 0)
    return 'it may corrupt its data (etcd CHANGELOG-3.5: data inconsistency in 3.5.0 to 3.5.2)';
  return null;
}

/**
 * Entries between two raft snapshots while a cluster climbs the ladder: few, so that after each flip of the cluster version
 * as many writes make every member take one. Each snapshot writes all of a v2 store, so a bigger one takes more entries.
 */
export function ladderSnapshotCount(dataBytes: number): number {
  if (dataBytes < 16 * 1024 ** 2) return 100;
  return dataBytes < 128 * 1024 ** 2 ? 1_000 : 5_000;
}
