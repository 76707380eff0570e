/** Where etcd binaries are kept: one cache per user, shared by every checkout, safe when two use it at once. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { processOf, startTimeOf } from '../../../agent/machine/processes.ts';

const run = promisify(execFile);

/** `$XDG_CACHE_HOME/etcd-appliance/binaries`, by default below `~/.cache`. */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(base, 'etcd-appliance', 'binaries');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** What a release holds: the server, what operators talk to it with, and, from 3.5 on, what works on its files. */
export type Program = 'etcd' | 'etcdctl' | 'etcdutl';

/** Whether a file is an etcd, or one of its tools, that runs here and says that it is this version. */
export async function isEtcd(file: string, version: string, program: Program = 'etcd'): Promise<boolean> {
  const [argument, env] = program === 'etcd' ? ['--version', {}] : ['version', { ETCDCTL_API: '3' }];
  try {
    const { stdout, stderr } = await run(file, [argument], { timeout: 20_000, env: { ...process.env, ...env } });
    return `${stdout} ${stderr}`.split(/\s+/).includes(version);
  } catch {
    return false;
  }
}

/** Does the work while nobody else holds the lock of this name; the lock of a process that died is taken over. */
export async function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
  const file = join(cacheFolder(), `.${name}.lock`);
  while (!tryLock(file)) await sleep(200);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function tryLock(file: string): boolean {
  const own = `${process.pid} ${startTimeOf(process.pid)}\n`;
  try {
    writeFileSync(file, own, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (processOf(file) === null) rmSync(file, { force: true });
  return false;
}
