/** The processes of an instance: what was started from its file system or for it, whoever their parent is by now. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type ProcessIdentity, startTimeOf } from '../../../agent/machine/processes.ts';

/**
 * Agent, etcd, the scripts of Run Command and whatever they started: told by command line, working directory or environment
 * below `root`.
 */
export function processesOf(root: string): readonly ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid < 2 || pid === process.pid || !isBelow(pid, root)) continue;
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

function isBelow(pid: number, root: string): boolean {
  return (
    holds(read(pid, 'cmdline'), root) ||
    holds(read(pid, 'environ'), `ETCD_AGENT_ROOT=${root}`) ||
    holds(workingDirectory(pid), root)
  );
}

/** `root` itself or a path in it, not a folder whose name only begins the same. */
function holds(text: string, root: string): boolean {
  for (let at = text.indexOf(root); at !== -1; at = text.indexOf(root, at + 1)) {
    const next = text.charAt(at + root.length);
    if (next === '' || next === '/' || next === '\0' || next === ' ') return true;
  }
  return false;
}

function read(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
