/** A home's data folder: one process at a time, one SQLite file. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '#etcd/faults.ts';
import { processOf, startTimeOf } from '../../../agent/machine/processes.ts';

export interface OpenFolder {
  readonly database: DatabaseSync;
  close(): void;
}

/**
 * Opens the folder, making it where it is missing.
 * @throws Fault `InvalidInput` while another process has it.
 */
export function openFolder(folder: string): OpenFolder {
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, 'home.pid');
  takeLock(lock, folder);
  const database = new DatabaseSync(join(folder, 'home.sqlite'));
  // Survives the end of this process at any moment; only a power cut could lose the last moments.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000');
  return {
    database,
    close() {
      database.close();
      if (processOf(lock)?.pid === process.pid) rmSync(lock, { force: true });
    },
  };
}

function takeLock(lock: string, folder: string): void {
  for (;;) {
    const holder = processOf(lock);
    if (holder !== null) {
      throw new Fault(
        'InvalidInput',
        `the cluster in ${folder} is already running, in process ${holder.pid}: stop that first, or name another folder with --data`,
      );
    }
    rmSync(lock, { force: true });
    try {
      writeFileSync(lock, `${process.pid} ${startTimeOf(process.pid)}\n`, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (readFileSync(lock, 'utf8') === '') rmSync(lock, { force: true });
    }
  }
}
