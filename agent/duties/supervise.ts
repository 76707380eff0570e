/** Keeps etcd running: started again after it ended, with growing pauses, and a crash loop is said aloud. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EtcdExit, nextStart } from '#etcd/restarts.ts';
import type { EtcdCommand, EtcdProcess } from '../machine/etcdProcess.ts';
import { readJson, writeDurably } from '../machine/files.ts';
import type { Log } from '../machine/log.ts';

export interface Supervision {
  /** Starts since the agent first ran on this instance, and those of them that followed a crash. */
  readonly starts: number;
  readonly crashes: number;
  readonly lastExit: string | null;
}

export interface Supervisor {
  /** Starts etcd, or takes over the one that runs, and keeps it running from then on. */
  keepRunning(command: EtcdCommand): Promise<void>;
  /** Stops looking after it; etcd goes on. */
  leave(): void;
  readonly pid: number | null;
  readonly version: string | null;
  readonly crashLooping: boolean;
  readonly supervision: Supervision;
}

export interface SuperviseOptions {
  readonly etcd: EtcdProcess;
  /** Folder of the agent's own state. */
  readonly state: string;
  readonly log: Log;
  /** X.Y.Z of the command. */
  readonly versionOf: (command: EtcdCommand) => string;
}

/** Exits that the decision looks at. */
const remembered = 20;

export function createSupervisor({ etcd, state, log, versionOf }: SuperviseOptions): Supervisor {
  const file = join(state, 'supervision.json');
  let kept: Supervision = readJson<Supervision>(file) ?? { starts: 0, crashes: 0, lastExit: null };
  let exits: EtcdExit[] = [];
  let crashLooping = false;
  let version: string | null = null;
  let left = false;

  function keep(changes: Partial<Supervision>): void {
    kept = { ...kept, ...changes };
    try {
      writeDurably(file, JSON.stringify(kept));
    } catch (error) {
      log('supervision not written', { error: (error as Error).message }, 'error');
    }
  }

  async function start(command: EtcdCommand): Promise<void> {
    try {
      await etcd.start(command);
      keep({ starts: kept.starts + 1 });
      log('etcd started', { pid: etcd.pid(), version });
    } catch (error) {
      const now = Date.now();
      await afterExit(command, { startedAtMs: now, exitedAtMs: now }, `not started: ${(error as Error).message}`);
    }
  }

  async function afterExit(command: EtcdCommand, exit: EtcdExit, how: string): Promise<void> {
    if (left) return;
    exits = [...exits, exit].slice(-remembered);
    const next = nextStart(exits);
    crashLooping = next.crashLooping;
    keep({ crashes: kept.crashes + 1, lastExit: `${how} at ${new Date(exit.exitedAtMs).toISOString()}` });
    log(
      'etcd ended',
      { how, ranMs: exit.exitedAtMs - exit.startedAtMs, nextStartInMs: next.delayMs, crashLooping },
      crashLooping ? 'error' : 'warn',
    );
    await sleep(next.delayMs);
    if (!left) await start(command);
  }

  return {
    async keepRunning(command) {
      version = versionOf(command);
      etcd.onExit(({ startedAtMs, exitedAtMs, how }) => void afterExit(command, { startedAtMs, exitedAtMs }, how));
      if (await etcd.adopt(command.dataDir)) log('etcd runs already', { pid: etcd.pid(), version });
      else await start(command);
    },
    leave() {
      left = true;
    },
    get pid() {
      return etcd.pid();
    },
    get version() {
      return version;
    },
    get crashLooping() {
      // A long run since the last exit ends the loop.
      const last = exits.at(-1);
      if (crashLooping && last !== undefined && etcd.pid() !== null && Date.now() - last.exitedAtMs > 60_000)
        crashLooping = false;
      return crashLooping;
    },
    get supervision() {
      return kept;
    },
  };
}
