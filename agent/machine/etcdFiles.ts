/** What etcd's data directory says without etcd: its size, its raft snapshots. */
import { readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Index of the newest raft snapshot; 0 where there is none. Files are named `TERM-INDEX.snap` in hex (etcd: snap/snapshotter.go). */
export function newestSnapshotIndex(dataDir: string): number {
  const indexes = snapshotsIn(join(dataDir, 'member', 'snap')).map((name) => snapshotName.exec(name)?.[1] ?? '0');
  return Math.max(0, ...indexes.map((index) => Number.parseInt(index, 16)));
}

/** The path of the newest raft snapshot; null where there is none. */
export function newestSnapshot(dataDir: string): string | null {
  const folder = join(dataDir, 'member', 'snap');
  const newest = snapshotsIn(folder).sort().at(-1);
  return newest === undefined ? null : join(folder, newest);
}

/** `TERM-INDEX.snap`, both in hex. */
const snapshotName = /^[0-9a-f]{16}-([0-9a-f]{16})\.snap$/;

/**
 * Bytes that a member holds: its database, its newest raft snapshot, and what it is being sent of another's database (etcd:
 * snap/db.go, SaveDBFrom writes `tmp*`). The log is left out: its files are of 64 MB from the
 * start (etcd: wal.SegmentSizeBytes).
 */
export function dataSize(dataDir: string): number {
  const folder = join(dataDir, 'member', 'snap');
  const received = filesIn(folder).filter((name) => name.startsWith('tmp'));
  const files = [...['db', ...received].map((name) => join(folder, name)), newestSnapshot(dataDir)];
  const bytes = files.map((file) => (file === null ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0)));
  return bytes.reduce((sum, size) => sum + size, 0);
}

/** Bytes of all that a backup may hold: the folders with snapshots, the database and the log. */
export function backupSize(dataDir: string): number {
  const folders = ['snap', 'wal'].map((name) => join(dataDir, 'member', name));
  const files = folders.flatMap((folder) => filesIn(folder).map((name) => join(folder, name)));
  return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Bytes that may still be written to the volume of this folder. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function snapshotsIn(folder: string): string[] {
  return filesIn(folder).filter((name) => snapshotName.test(name));
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
