/** The agent's log: one JSON line per event, to its file and to stdout (the journal on EC2). */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export type Log = (
  event: string,
  fields?: Readonly<Record<string, unknown>>,
  level?: 'info' | 'warn' | 'error',
) => void;

const largestBytes = 10 * 1024 * 1024;

/** Opens the log; beyond 10 MiB the file becomes `.1` and a new one is begun. */
export function openLog(file: string, write: (line: string) => void): Log {
  mkdirSync(dirname(file), { recursive: true });
  return (event, fields = {}, level = 'info') => {
    const line = `${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`;
    write(line);
    try {
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > largestBytes) renameSync(file, `${file}.1`);
      appendFileSync(file, line);
    } catch {
      // A full disk must not stop the agent; the journal has the line.
    }
  };
}
