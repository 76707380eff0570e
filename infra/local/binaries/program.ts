/** Runs a program to its end. */
import { spawn } from 'node:child_process';

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Each line of stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

/** @returns stdout @throws Error with the end of stderr where it fails */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env, onLine }: ProgramOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd && { cwd }), ...(env && { env }) });
    let out = '';
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-4_000);
      if (onLine) for (const line of String(chunk).split('\n').filter(Boolean)) onLine(line);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else
        reject(
          new Error(`${command} ${args[0] ?? ''}: exit ${code}: ${said.trim().split('\n').slice(-5).join(' | ')}`),
        );
    });
  });
}
