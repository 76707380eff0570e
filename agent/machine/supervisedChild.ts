/**
 * etcd as a detached child with a pid file. It is no child of a later agent, so that one watches it through /proc.
 */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { EtcdExitReport, EtcdProcess } from './etcdProcess.ts';
import { writeDurably } from './files.ts';
import { endProcess, type ProcessIdentity, processOf, startTimeOf } from './processes.ts';

const watchIntervalMs = 100;

export function supervisedChild(pidFile: string, logFile: string): EtcdProcess {
  const listeners: ((exit: EtcdExitReport) => void)[] = [];
  let current: ProcessIdentity | null = null;
  /** Size of the log when this run began, in bytes; 0 of one that an earlier agent started. */
  let runBeginsAt = 0;

  function ended(startedAtMs: number, how: string): void {
    current = null;
    for (const listener of listeners) listener({ startedAtMs, exitedAtMs: performance.now(), how });
  }

  return {
    pid: () => current?.pid ?? null,
    onExit: (listener) => void listeners.push(listener),
    async stop(graceMs) {
      if (current !== null) await endProcess(current, graceMs);
    },
    lastWords: async () => endOf(logFile, runBeginsAt),
    async adopt(dataDir) {
      const found = processOf(pidFile) ?? serverOf(dataDir);
      if (found === null) return false;
      current = found;
      note(pidFile, found);
      const foundAtMs = performance.now();
      const watch = setInterval(() => {
        if (startTimeOf(found.pid) === found.startTime) return;
        clearInterval(watch);
        ended(foundAtMs, 'it ended while no process of this agent waited for it');
      }, watchIntervalMs).unref();
      return true;
    },
    async start({ binary, arguments: args }) {
      mkdirSync(dirname(logFile), { recursive: true });
      const log = openSync(logFile, 'a');
      runBeginsAt = fstatSync(log).size;
      const startedAtMs = performance.now();
      const child = spawn(binary, args, {
        detached: true,
        stdio: ['ignore', log, log],
        cwd: dirname(binary),
        env: { PATH: '/usr/bin:/bin' },
      });
      closeSync(log);
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      const pid = child.pid ?? 0;
      // An agent that is killed before this line is written finds the server by its data directory.
      current = { pid, startTime: startTimeOf(pid) ?? '' };
      note(pidFile, current);
      child.once('exit', (code, signal) => ended(startedAtMs, signal ?? `exit ${code}`));
      child.unref();
    },
  };
}

const lastWordsBytes = 16_384;

function endOf(file: string, from: number): string {
  let opened: number;
  try {
    opened = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(opened);
    const bytes = Buffer.alloc(Math.min(Math.max(size - from, 0), lastWordsBytes));
    readSync(opened, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8');
  } finally {
    closeSync(opened);
  }
}

function note(pidFile: string, { pid, startTime }: ProcessIdentity): void {
  writeDurably(pidFile, `${pid} ${startTime}\n`);
}

/** A server that was started with this data directory. */
function serverOf(dataDir: string): ProcessIdentity | null {
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid < 2) continue;
    if (!argumentsOf(pid).includes(`--data-dir=${dataDir}`)) continue;
    const startTime = startTimeOf(pid);
    if (startTime !== null) return { pid, startTime };
  }
  return null;
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    return [];
  }
}
