/** One of two processes that want the same: notes when it works, and works until it is told to go on. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { locked } from '../../../../infra/local/binaries/cache.ts';

const [notes = '', name = ''] = process.argv.slice(2);
await locked('same', async () => {
  appendFileSync(notes, `${name} begins\n`);
  // Long enough for the other one to come in, if it could.
  await sleep(300);
  appendFileSync(notes, `${name} ends\n`);
});
