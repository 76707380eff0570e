/** What etcd's data directory says without etcd: its size, its raft snapshots. */
import { readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Index of the newest raft snapshot; 0 where there is none. Files are named `TERM-INDEX.snap` in hex (etcd: snap/snapshotter.go). */
export function newestSnapshotIndex(dataDir: string): number {
  const indexes = filesIn(join(dataDir, 'member', 'snap')).flatMap((name) => {
    const match = /^[0-9a-f]{16}-([0-9a-f]{16})\.snap$/.exec(name);
    return match?.[1] === undefined ? [] : [Number.parseInt(match[1], 16)];
  });
  return Math.max(0, ...indexes);
}

/** Bytes of all files below it; 0 where it is not there. */
export function sizeOf(folder: string): number {
  return readEntries(folder).reduce((sum, path) => {
    const bytes = statSync(join(folder, path), { throwIfNoEntry: false });
    return sum + (bytes?.isFile() ? bytes.size : 0);
  }, 0);
}

/** Bytes that may still be written to the volume of this folder. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function readEntries(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
