/** Programs of this host that run to their end. */
import { spawn } from 'node:child_process';

/**
 * Resolves when it has ended well.
 * @param accepted exit codes that mean that
 * @throws Error with its exit code and what it said on stderr
 */
export function runProgram(
  command: string,
  args: readonly string[],
  accepted: readonly (number | null)[] = [0],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      accepted.includes(code) ? resolve() : reject(new Error(`${command}: exit ${code}: ${said.trim()}`)),
    );
  });
}
