/**
 * The proxies as the home has them: a process of their own, so that nothing that the home does delays raft. Started again
 * where it ends.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { FromProxies, ToProxies, World } from './world.ts';

export interface Proxies {
  /**
   * Resolves when the proxies have taken it over.
   * @returns by instance id: why it has no proxy
   */
  tell(world: World): Promise<Readonly<Record<string, string>>>;
  readonly pid: number | undefined;
  /** Resolves when the process is gone. */
  close(): Promise<void>;
}

const program = new URL('./proxies.ts', import.meta.url);
const restartDelayMs = 200;
const endsWithinMs = 5_000;

type Faults = Readonly<Record<string, string>>;

export function startProxies(log: (line: string) => void): Proxies {
  const waiting = new Map<number, (faults: Faults) => void>();
  let latest: ToProxies | null = null;
  let closing = false;
  let last = 0;
  let restart: NodeJS.Timeout | null = null;
  let child = start();

  function start(): ChildProcess {
    restart = null;
    const started = fork(program, [], {
      execPath: process.execPath,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    started.on('message', (message: FromProxies) => {
      if (message.kind === 'log') log(`links: ${message.line}`);
      else taken(message.number, message.faults);
    });
    started.once('error', (error) => log(`links: the proxies cannot be started: ${error.message}`));
    started.once('exit', (code, signal) => {
      if (closing) return;
      log(`links: the proxies ended (${signal ?? `exit ${code}`}); starting them again`);
      restart = setTimeout(() => {
        child = start();
      }, restartDelayMs);
    });
    if (latest !== null) send(started, latest);
    return started;
  }

  /** Whoever was told of an older world is answered, too: it came before this one. */
  function taken(number: number, faults: Faults): void {
    for (const [one, resolve] of waiting) {
      if (one > number) continue;
      waiting.delete(one);
      resolve(faults);
    }
  }

  return {
    get pid() {
      return child.pid;
    },
    tell(world) {
      latest = { number: ++last, world };
      const { number } = latest;
      send(child, latest);
      return new Promise((resolve) => waiting.set(number, resolve));
    },
    async close() {
      closing = true;
      if (restart !== null) clearTimeout(restart);
      taken(last, {});
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      const timer = setTimeout(() => child.kill('SIGKILL'), endsWithinMs);
      if (child.connected) child.disconnect();
      else child.kill('SIGKILL');
      await gone;
      clearTimeout(timer);
    },
  };
}

/** One that has just ended gets it when it is started again. */
function send(child: ChildProcess, message: ToProxies): void {
  if (child.connected) child.send(message, () => {});
}
