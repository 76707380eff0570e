/** Processes by pid and start time: pid files hold `PID STARTTIME`, so that a reused pid is never taken for the process that wrote them. */
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTime: string;
}

/** The process of a pid file, where it still runs. */
export function processOf(pidFile: string): ProcessIdentity | null {
  try {
    const [pid, startTime] = readFileSync(pidFile, 'utf8').trim().split(/\s+/);
    const number = Number(pid);
    if (startTime === undefined || !Number.isInteger(number) || number < 2) return null;
    return startTimeOf(number) === startTime ? { pid: number, startTime } : null;
  } catch {
    return null;
  }
}

/** When a process began; null where there is none, or only a zombie that nobody has waited for. */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command in parentheses may hold anything, so count from its end: state is field 3, start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** The arguments that a process was started with; empty where there is none. */
export function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1, -1);
  } catch {
    return [];
  }
}

/** SIGTERM, then SIGKILL where it is still there after `graceMs`; resolves when it is gone. */
export async function endProcess(process_: ProcessIdentity, graceMs = 5_000): Promise<void> {
  const deadline = performance.now() + graceMs;
  signal(process_, 'SIGTERM');
  let killed = false;
  while (startTimeOf(process_.pid) === process_.startTime) {
    if (!killed && performance.now() > deadline) killed = signal(process_, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function signal({ pid, startTime }: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (startTimeOf(pid) !== startTime) return true;
  try {
    process.kill(pid, name);
  } catch {
    // Gone between the look and the signal.
  }
  return true;
}
