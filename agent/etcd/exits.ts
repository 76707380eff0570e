/** Why etcd ended, from its own last words. Pure; the words of every minor from 2.0 on, as its sources have them. */

export type ExitCause =
  /** Its member id is no longer in the cluster (etcdserver: ErrMemberRemoved; rafthttp says it of a peer's answer). */
  | 'removed'
  /** Its data directory cannot be read. */
  | 'corrupt'
  | 'diskFull'
  /** It was never part of the cluster: refused before it wrote anything to its disk. */
  | 'notJoined'
  | 'other';

/** What a status says of it, where etcd said it. */
export const exitWords: Readonly<Record<ExitCause, string | null>> = {
  removed: 'the member was removed from the cluster',
  corrupt: 'its data cannot be read',
  diskFull: 'its disk is full',
  notJoined: 'the cluster does not list it',
  other: null,
};

const removed = /the member has been permanently removed from the cluster|data-dir used by this member must be removed/;
const notJoined =
  /member count is unequal|unmatched member while checking PeerURLs|error validating peerURLs|cannot fetch cluster info from peer urls|could not get cluster response from/;
const diskFull = /no space left on device/;
/**
 * What wal, walpb, snap and bbolt say of files that are damaged, cut short or missing, and etcd of a pair that does not fit.
 * A log whose last record is torn is no such thing: etcd repairs it and says so ("repaired WAL").
 */
const corrupt = new RegExp(
  [
    'cannot be repaired',
    '(walpb|wal|snap): crc mismatch',
    'wal: (file not found|slice bounds out of range|snapshot mismatch|snapshot not found)',
    'snap: (no available snapshot|empty snapshot)',
    'read an unexpectedly empty snapshot',
    'failed to find database snapshot file',
    "snapshot file doesn't exist",
    '(failed to|cannot) open database',
    'freepages: failed to get all reachable pages',
    'page \\d+ already freed',
    'assertion failed: Page expected',
    'panic: invalid page type',
    'unexpected fault address',
    'proto: (illegal|wrong) wireType',
  ].join('|'),
  'i',
);

/** @param lastWords the end of what etcd printed in its last run */
export function exitCause(lastWords: string): ExitCause {
  if (removed.test(lastWords)) return 'removed';
  // A full disk cuts files short, too: room comes first.
  if (diskFull.test(lastWords)) return 'diskFull';
  if (notJoined.test(lastWords)) return 'notJoined';
  return corrupt.test(lastWords) ? 'corrupt' : 'other';
}
