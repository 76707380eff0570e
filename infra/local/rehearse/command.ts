/** `npm run rehearse`: a whole upgrade on this machine under load, and a report of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Fault } from '#etcd/faults.ts';
import { screenOn } from '../../upgrade/screen.ts';
import { openCluster } from './cluster.ts';
import { parseRehearseOptions, type RehearseOptions, usage } from './options.ts';
import { emulateOldProcedure, rotationsFor, upgradeUnderLoad } from './rehearsal.ts';
import { reportPage } from './report/page.ts';
import { type Rehearsal, summaryOf } from './summary.ts';
import { summaryText } from './summaryText.ts';

async function main(): Promise<number> {
  const options = parseRehearseOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(usage);
    return 0;
  }
  const file = reportFile(options);
  const closing: (() => Promise<void>)[] = [];
  // A terminal that was closed must not keep this process from cleaning up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    return await Promise.race([rehearse(options, file, (close) => closing.push(close)), interrupted()]);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function rehearse(
  options: RehearseOptions,
  file: string,
  opened: (close: () => Promise<void>) => void,
): Promise<number> {
  const { from, to, members, everyMs, compare, keep } = options;
  const screen = screenOn(process.stdout);
  const at = new Date();
  screen.say(`${members} member${members === 1 ? '' : 's'} of etcd ${from}, a write every ${everyMs} ms, then ${to}`);
  const cluster = await openCluster(options, (line) => screen.say(`         ${line}`), opened);
  const upgraded = await upgradeUnderLoad(cluster, options, screen);
  screen.end();
  // The rest of the machine's time is the other procedure's.
  await cluster.close();
  if (keep) screen.say(`The cluster is kept: npm start -- --data ${cluster.folder}`);
  const rotations = compare && members > 1 ? rotationsFor(upgraded.hops) : [];
  const old = await emulateOldProcedure(rotations, options, screen.say);
  const rehearsal: Rehearsal = { at: at.toISOString(), options, upgraded, old };
  const summary = summaryOf(rehearsal);
  writeFileSync(file, reportPage(rehearsal, summary));
  screen.say(`\n${summaryText(summary)}\nReport: ${file}`);
  return summary.succeeded ? 0 : 1;
}

/** Made before anything else: a rehearsal whose report cannot be written is of no use. */
function reportFile({ report, from, to }: RehearseOptions): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const file = resolve(report ?? `.local/rehearsals/${from}-to-${to}-${stamp}.html`);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  } catch (error) {
    throw new Fault('InvalidInput', `--report names ${file}, which cannot be written: ${(error as Error).message}`);
  }
  return file;
}

function interrupted(): Promise<number> {
  return new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(130));
  });
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error instanceof Fault ? error.message : (error.stack ?? error)}\n`);
    process.exit(error instanceof Fault && error.name === 'InvalidInput' ? 2 : 1);
  },
);
