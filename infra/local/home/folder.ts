/** A home's data folder: one process at a time, a SQLite file per region, nobody else's business. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '#etcd/faults.ts';
import { processOf, startTimeOf } from '../../../agent/machine/processes.ts';

export interface OpenFolder {
  readonly database: DatabaseSync;
  close(): void;
}

/**
 * Makes the folder where it is missing, with no way in for other users of this machine: it holds the keys of the home. One
 * that is there and holds other things keeps its mode.
 */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (isOurs(folder)) chmodSync(folder, 0o700);
}

function isOurs(folder: string): boolean {
  return existsSync(join(folder, 'cluster.json')) || existsSync(database(folder)) || readdirSync(folder).length === 0;
}

const database = (folder: string) => join(folder, 'home.sqlite');

/**
 * Opens the folder, making it where it is missing.
 * @throws Fault `InvalidInput` while another process has it.
 */
export function openFolder(folder: string): OpenFolder {
  makeFolder(folder);
  const lock = join(folder, 'home.pid');
  takeLock(lock, folder);
  const opened = openDatabase(database(folder));
  return {
    database: opened,
    close() {
      opened.close();
      if (processOf(lock)?.pid === process.pid) rmSync(lock, { force: true });
    },
  };
}

/** Survives the end of this process at any moment; only a power cut could lose the last moments. */
export function openDatabase(file: string): DatabaseSync {
  const opened = new DatabaseSync(file);
  opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000');
  return opened;
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
