/** Runs a Map whose second item is never done, says so with the execution's ARN, and waits to be killed. */
import { only, openStates, task } from './fixture.ts';

const [file] = process.argv.slice(2);
const done = Promise.withResolvers<void>();
const states = openStates(
  {
    work: (payload: number) => {
      if (payload === 1) return 10;
      done.resolve();
      return new Promise(() => setInterval(() => {}, 1000));
    },
  },
  file,
);
const map = { Type: 'Map', MaxConcurrency: 1, ItemProcessor: only(task('work')), End: true };
const arn = states.startExecution({ StartAt: 'Each', States: { Each: map } }, [1, 2, 3]);
await done.promise;
process.stdout.write(`${arn}\n`);
