/**
 * `npm run simulate -- --seeds 5000`: lives of simulated clusters, on every core. A seed that fails is printed with the
 * command that replays it; `SEED=17 npm run simulate` prints its trace.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type SimulationResult, simulate } from './simulate.ts';

interface Share {
  readonly first: number;
  readonly step: number;
  readonly last: number;
  readonly operations: number;
}

const defaults = { seeds: 200, from: 1, operations: 200 };

async function main(): Promise<number> {
  const operations = wholeNumber('operations', defaults.operations);
  if (process.env.SEED !== undefined) return replay(Number(process.env.SEED), operations);
  const [seeds, from] = [wholeNumber('seeds', defaults.seeds), wholeNumber('from', defaults.from)];
  const workers = Math.min(wholeNumber('workers', availableParallelism()), seeds);
  const counts = new Map<string, number>();
  let failed = 0;
  let virtualMs = 0;
  const tell = ({ seed, version, violations, counts: counted, ranMs }: SimulationResult) => {
    for (const [what, count] of counted) counts.set(what, (counts.get(what) ?? 0) + count);
    virtualMs += ranMs;
    if (violations.length === 0) return;
    failed++;
    process.stdout.write(`seed ${seed} (etcd ${version}): ${violations.join('; ')}\n  SEED=${seed} npm run simulate\n`);
  };
  await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      inWorker({ first: from + index, step: workers, last: from + seeds - 1, operations }, tell),
    ),
  );
  const summary = [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([what, count]) => `  ${what}: ${count}`);
  process.stdout.write(
    `${summary.join('\n')}\n${Math.round(virtualMs / 3_600_000)} hours of virtual time\n${seeds - failed} passed, ${failed} failed\n`,
  );
  return failed === 0 ? 0 : 1;
}

async function replay(seed: number, operations: number): Promise<number> {
  const { trace, violations } = await simulate({ seed, operations, keepTrace: true });
  process.stdout.write(
    `${trace.join('\n')}\n${violations.length === 0 ? 'nothing was violated' : violations.join('\n')}\n`,
  );
  return violations.length === 0 ? 0 : 1;
}

function inWorker(share: Share, tell: (result: SimulationResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share });
    worker.on('message', tell);
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}

async function work({ first, step, last, operations }: Share): Promise<void> {
  for (let seed = first; seed <= last; seed += step)
    parentPort?.postMessage({ ...(await simulate({ seed, operations })), trace: [] });
}

function wholeNumber(name: string, fallback: number): number {
  const text = options[name];
  if (text === undefined) return fallback;
  if (!/^[1-9]\d*$/.test(text)) leave(`--${name} is '${text}'; allowed: whole numbers from 1\n`, 2);
  return Number(text);
}

const usage = `Usage: npm run simulate -- [--seeds N] [--from N] [--operations N] [--workers N]

Lives of simulated clusters with the agents' real duties in virtual time, one for each seed: ${defaults.operations} operations each
unless told otherwise (instances killed and terminated, sizes changed, disks wiped, partitions, answers of AWS that fail).
A seed that breaks a rule is printed; SEED=17 npm run simulate prints its trace.
`;

function optionsOf(args: readonly string[]): Readonly<Record<string, string | undefined>> {
  const text = { type: 'string' } as const;
  try {
    const { help, ...values } = parseArgs({
      args: [...args],
      options: { seeds: text, from: text, operations: text, workers: text, help: { type: 'boolean', short: 'h' } },
    }).values;
    if (help) leave(usage, 0);
    return values;
  } catch (error) {
    return leave(`${(error as Error).message}\n\n${usage}`, 2);
  }
}

function leave(text: string, code: number): never {
  (code === 0 ? process.stdout : process.stderr).write(text);
  process.exit(code);
}

const options: Readonly<Record<string, string | undefined>> = isMainThread ? optionsOf(process.argv.slice(2)) : {};

if (isMainThread) process.exitCode = await main();
else await work(workerData as Share);
