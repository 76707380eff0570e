/** How a command ends: with the code that it returns, 2 where it was given something bad, 1 where it failed. */
import { Fault } from '#etcd/faults.ts';

/** Sets the exit code rather than exiting, so that what was written reaches a pipe. */
export function exitAfter(command: Promise<number>): void {
  command.then(
    (exitCode) => {
      process.exitCode = exitCode;
    },
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = error instanceof Fault && error.name === 'InvalidInput' ? 2 : 1;
    },
  );
}
