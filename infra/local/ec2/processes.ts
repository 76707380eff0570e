/** The processes of an instance: what was started from its file system or for it, whoever their parent is by now. */
import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessIdentity, startTimeOf } from '../../../agent/machine/processes.ts';

/**
 * Agent, etcd, the scripts of Run Command and whatever they started: told by the environment that they were given or by a
 * program or data directory below `root`. An operator's shell in that folder, or a `tail` of a log there, is none of them.
 */
export function processesOf(root: string): readonly ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid < 2 || pid === process.pid || rootOf(pid, [root]) === null) continue;
    const startTime = startTimeOf(pid);
    if (startTime !== null) found.push({ pid, startTime });
  }
  return found;
}

/** SIGKILL to all of them, again and again until none is left: one may have started another meanwhile. */
export async function killProcesses(root: string): Promise<void> {
  for (let running = processesOf(root); running.length > 0; running = processesOf(root)) {
    signalProcesses(running, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Sends a signal to those of them that are still there. */
export function signalProcesses(processes: readonly ProcessIdentity[], signal: NodeJS.Signals): void {
  for (const { pid, startTime } of processes) {
    if (startTimeOf(pid) !== startTime) continue;
    try {
      process.kill(pid, signal);
    } catch {
      // Gone between the look and the signal.
    }
  }
}

/** Which of these roots a process belongs to, told as by `processesOf`; null: none. */
export function rootOf(pid: number, roots: readonly string[]): string | null {
  const environment = new Set(read(pid, 'environ'));
  const [program = '', ...args] = read(pid, 'cmdline');
  const isBelow = (root: string) =>
    environment.has(`ETCD_AGENT_ROOT=${root}`) ||
    program.startsWith(`${root}/`) ||
    args.some((arg) => arg.startsWith(`--data-dir=${root}/`));
  return roots.find(isBelow) ?? null;
}

/** Entries of a file whose entries end with NUL. */
function read(pid: number, file: 'cmdline' | 'environ'): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
