/**
 * `npm run bench`: our overhead over bare etcd, both measured side by side in one run. Figures of one machine and one
 * moment; the ratios and differences are what counts.
 */
import { parseArgs } from 'node:util';
import { bootBare } from './bare.ts';
import { measureMemory } from './memory.ts';
import { bootOurs } from './ours.ts';

const { values } = parseArgs({
  options: {
    etcd: { type: 'string', default: '3.5.35' },
    rounds: { type: 'string', default: '3' },
    'memory-minutes': { type: 'string', default: '10' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const usage = `Usage: npm run bench -- [--etcd X.Y.Z] [--rounds N] [--memory-minutes N]

  boot     from nothing to every member healthy, 1, 3 and 5 members, beside a script that starts the same etcd processes
  memory   the agent after so many minutes (0: left out), beside a Node process with an HTTP server
`;

async function main(): Promise<void> {
  const rounds = Number(values.rounds);
  process.stdout.write('| members | bare etcd (s) | appliance (s) | difference (s) | ratio |\n|---|---|---|---|---|\n');
  for (const members of [1, 3, 5]) {
    const bare: number[] = [];
    const ours: number[] = [];
    // Turn by turn, so that what else the machine does falls on both.
    for (let round = 0; round < rounds; round++) {
      bare.push(await bootBare(members, values.etcd));
      ours.push(await bootOurs(members, values.etcd));
    }
    const [b, o] = [median(bare), median(ours)];
    process.stdout.write(
      `| ${members} | ${b.toFixed(2)} | ${o.toFixed(2)} | ${(o - b).toFixed(2)} | ${(o / b).toFixed(1)} |\n`,
    );
  }
  const minutes = Number(values['memory-minutes']);
  if (minutes > 0) await reportMemory(minutes);
}

async function reportMemory(minutes: number): Promise<void> {
  const { agent, node } = await measureMemory(values.etcd, minutes);
  process.stdout.write(`\n| after ${minutes} min | agent | Node with an HTTP server | ratio |\n|---|---|---|---|\n`);
  for (const kind of ['rssMiB', 'privateDirtyMiB'] as const) {
    process.stdout.write(
      `| ${kind} | ${agent[kind].toFixed(1)} | ${node[kind].toFixed(1)} | ${(agent[kind] / node[kind]).toFixed(2)} |\n`,
    );
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

if (values.help) process.stdout.write(usage);
else await main();
