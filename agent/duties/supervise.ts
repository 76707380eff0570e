/** Keeps etcd running: started again after it ended, with growing pauses, and a crash loop is said aloud. */
import { join } from 'node:path';
import { exitCause, exitWords } from '#etcd/exits.ts';
import { type EtcdExit, nextStart } from '#etcd/restarts.ts';
import { type Clock, systemClock } from '../machine/clock.ts';
import type { EtcdCommand, EtcdProcess } from '../machine/etcdProcess.ts';
import { readJson, writeDurably } from '../machine/files.ts';
import type { Log } from '../machine/log.ts';

export interface Supervision {
  /** Starts since the agent first ran on this instance, and those of them that followed a crash. */
  readonly starts: number;
  readonly crashes: number;
  readonly lastExit: string | null;
}

/** What to do about an end: start etcd again, or give up, with a word why. */
export type EndDecision = 'again' | { readonly giveUp: string };

export interface Kept {
  /** Resolves when it was given up, to the word why. */
  readonly givenUp: Promise<string>;
}

export interface Supervisor {
  /** Starts etcd, or takes over the one that runs, and keeps it running from then on, until it is given up. */
  keepRunning(command: EtcdCommand): Promise<Kept>;
  /** Ends etcd and starts it again, with the command as it is right now. @throws Error as swap */
  restart(): Promise<void>;
  /**
   * Ends etcd and starts another command in its place, which is kept running from then on.
   * Resolves once it was started, or could not be: then it is tried again as after any end.
   * @param next asked while no etcd runs, after it has noted what a later agent goes by; where it throws, etcd is started as it was
   * @throws Error of `next`, where etcd could not be ended, or nothing is kept running within 10 s
   */
  swap(next: () => Promise<EtcdCommand>): Promise<void>;
  /** The end of what etcd has printed in its last run. */
  lastWords(): Promise<string>;
  /** Ends etcd for good: it is not started again. */
  stop(graceMs: number): Promise<void>;
  /** Stops looking after it; etcd goes on. */
  leave(): void;
  readonly pid: number | null;
  readonly version: string | null;
  readonly crashLooping: boolean;
  readonly supervision: Supervision;
}

export interface SuperviseOptions {
  readonly etcd: EtcdProcess;
  /** Folder of the agent's own state; null: nothing is kept. */
  readonly state: string | null;
  readonly log: Log;
  /** X.Y.Z of the command. */
  readonly versionOf: (command: EtcdCommand) => string;
  /** Asked before each start: the command as it is right now, or a word why etcd must not be started any more. */
  readonly beforeStart: (command: EtcdCommand) => EtcdCommand | { readonly giveUp: string };
  /** Asked after each end that nobody meant. */
  readonly decide: (lastWords: string) => Promise<EndDecision>;
  readonly clock?: Clock;
}

/** etcd hands over and writes out within a second or two. */
const restartGraceMs = 20_000;
/** A release that is being installed, or a record that does not answer, after the agent was started. */
const beginsWithinMs = 10_000;
/** Exits that the decision looks at. */
const remembered = 20;

export function createSupervisor(options: SuperviseOptions): Supervisor {
  const { etcd, state, log, versionOf, beforeStart, decide, clock = systemClock } = options;
  const file = state === null ? null : join(state, 'supervision.json');
  let kept: Supervision = (file === null ? null : readJson<Supervision>(file)) ?? {
    starts: 0,
    crashes: 0,
    lastExit: null,
  };
  let exits: EtcdExit[] = [];
  let crashLooping = false;
  let version: string | null = null;
  let current: EtcdCommand | null = null;
  /** Resolved while there is a command that is kept running; one that swaps wait for is never replaced. */
  let begun = deferred();
  /** One at a time. */
  let swaps: Promise<unknown> = Promise.resolve();
  let left = false;
  /** Counts starts: a restart that waits for its pause is off once somebody else has started etcd. */
  let run = 0;
  /** Told of an end that is meant, which is no crash. */
  let meant: (() => void) | null = null;
  let giveUp: (why: string) => void = () => {};

  function keep(changes: Partial<Supervision>): void {
    kept = { ...kept, ...changes };
    try {
      if (file !== null) writeDurably(file, JSON.stringify(kept));
    } catch (error) {
      log('supervision not written', { error: (error as Error).message }, 'error');
    }
  }

  async function start(command: EtcdCommand): Promise<void> {
    run++;
    try {
      const allowed = beforeStart(command);
      if ('giveUp' in allowed) return abandon(allowed.giveUp);
      await etcd.start(allowed);
      keep({ starts: kept.starts + 1 });
      log('etcd started', { pid: etcd.pid(), version });
    } catch (error) {
      const now = clock.monotonicMs();
      void afterExit(command, { startedAtMs: now, exitedAtMs: now }, `not started: ${(error as Error).message}`);
    }
  }

  async function afterExit(command: EtcdCommand, exit: EtcdExit, how: string): Promise<void> {
    if (left) return;
    const ended = run;
    exits = [...exits, exit].slice(-remembered);
    const next = nextStart(exits);
    crashLooping = next.crashLooping;
    const why = exitWords[exitCause(await etcd.lastWords().catch(() => ''))];
    const lastExit = `${how} at ${new Date(clock.epochMs()).toISOString()}${why === null ? '' : `: ${why}`}`;
    keep({ crashes: kept.crashes + 1, lastExit });
    log(
      'etcd ended',
      { how, why, ranMs: Math.round(exit.exitedAtMs - exit.startedAtMs), nextStartInMs: next.delayMs, crashLooping },
      crashLooping ? 'error' : 'warn',
    );
    const decision = await decided();
    if (ended !== run) return;
    if (decision !== 'again') return abandon(decision.giveUp);
    await clock.sleep(next.delayMs);
    if (!left && ended === run) await start(command);
  }

  function abandon(why: string): void {
    exits = [];
    crashLooping = false;
    current = null;
    if (begun.isResolved()) begun = deferred();
    log('etcd is not started again', { why }, 'error');
    giveUp(why);
  }

  async function decided(): Promise<EndDecision> {
    try {
      return await decide(await etcd.lastWords());
    } catch (error) {
      log('nothing is known of the end', { error: (error as Error).message }, 'warn');
      return 'again';
    }
  }

  async function swapped(next: () => Promise<EtcdCommand>): Promise<void> {
    await begunInTime();
    const before = current;
    if (before === null || left) return;
    // No restart that waits may come in between.
    run++;
    let command: EtcdCommand;
    try {
      await end();
      command = await next();
    } catch (error) {
      if (!left && etcd.pid() === null) await start(before);
      throw error;
    }
    if (left) return;
    if (command !== before) {
      exits = [];
      crashLooping = false;
    }
    current = command;
    version = versionOf(command);
    await start(command);
  }

  /** What was decided before must not be done much later. */
  async function begunInTime(): Promise<void> {
    if (begun.isResolved()) return;
    const inTime = await Promise.race([begun.resolved.then(() => true), clock.sleep(beginsWithinMs).then(() => false)]);
    if (!inTime) throw new Error('there is no etcd that is kept running yet');
  }

  async function end(): Promise<void> {
    if (etcd.pid() === null) return;
    const told = deferred();
    meant = told.resolve;
    try {
      await etcd.stop(restartGraceMs);
      // Its end is told a moment after the process is gone.
      await told.resolved;
    } finally {
      meant = null;
    }
  }

  function swap(next: () => Promise<EtcdCommand>): Promise<void> {
    const mine = swaps.then(() => swapped(next));
    swaps = mine.catch(() => undefined);
    return mine;
  }

  etcd.onExit(({ startedAtMs, exitedAtMs, how }) => {
    if (meant !== null) meant();
    else if (current !== null) void afterExit(current, { startedAtMs, exitedAtMs }, how);
  });

  return {
    async keepRunning(command) {
      version = versionOf(command);
      current = command;
      const givenUp = new Promise<string>((resolve) => {
        giveUp = resolve;
      });
      if (await etcd.adopt(command.dataDir)) log('etcd runs already', { pid: etcd.pid(), version });
      else await start(command);
      if (current !== null) begun.resolve();
      return { givenUp };
    },
    restart: () => swap(async () => current as EtcdCommand),
    swap,
    lastWords: () => etcd.lastWords(),
    async stop(graceMs) {
      left = true;
      await etcd.stop(graceMs);
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
      if (crashLooping && last !== undefined && etcd.pid() !== null && clock.monotonicMs() - last.exitedAtMs > 60_000)
        crashLooping = false;
      return crashLooping;
    },
    get supervision() {
      return kept;
    },
  };
}

interface Deferred {
  readonly resolved: Promise<void>;
  resolve(): void;
  isResolved(): boolean;
}

function deferred(): Deferred {
  const { promise, resolve } = Promise.withResolvers<void>();
  let done = false;
  return {
    resolved: promise,
    resolve() {
      done = true;
      resolve();
    },
    isResolved: () => done,
  };
}
