/**
 * `npm run bench`: our overhead over bare etcd, both measured side by side in one run. Figures of one machine and one
 * moment; the ratios and differences are what counts.
 */
import { parseArgs } from 'node:util';
import { isSupported } from '#etcd/versions.ts';
import { oldWaitsSeconds, replaceTheOldWay } from '../../infra/local/rehearse/oldProcedure.ts';
import { rotate } from '../cluster/rotation.ts';
import { bootBare } from './bare.ts';
import { median } from './median.ts';
import { measureMemory } from './memory.ts';
import { operateUnderLoad, printHeader, printResult, resultColumns } from './operation.ts';
import { bootOurs } from './ours.ts';
import { reportLatency, reportRegionChange } from './regions.ts';
import { reportUpgrade, type Way } from './upgrade.ts';

const { values } = parseArgs({
  options: {
    etcd: { type: 'string', default: '3.5.35' },
    rounds: { type: 'string', default: '3' },
    'memory-minutes': { type: 'string', default: '10' },
    upgrades: { type: 'string', default: '3.4.15:3.5.35,2.3.8:3.0.17' },
    only: { type: 'string', default: 'boot,replace,upgrade,regions,memory' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const usage = `Usage: npm run bench -- [--etcd X.Y.Z] [--rounds N] [--memory-minutes N] [--upgrades FROM:TO,...]
                        [--only boot,replace,upgrade,regions,memory]

  boot     from nothing to every member healthy, 1, 3 and 5 members, beside a script that starts the same etcd processes
  replace  every instance replaced under 100 writes a second: RotateInstances beside the predecessor's procedure
  upgrade  RollingUpgrade of three members (3.4.15:3.5.35,2.3.8:3.0.17) beside a bare script and the predecessor's procedure
  regions  writes in a cluster of 3 + 2, 25 and 80 ms apart; one of five members moved to
           the second region under 100 writes a second: MultiregionMigration beside the predecessor's procedure
  memory   the agent after so many minutes (0: left out), beside a Node process with an HTTP server
`;

async function main(): Promise<void> {
  const rounds = Number(values.rounds);
  const only = values.only.split(',');
  if (only.includes('boot')) await reportBoot(rounds);
  if (only.includes('replace')) await reportReplacement(rounds);
  if (only.includes('upgrade')) await reportUpgrade(rounds, upgrades());
  if (only.includes('regions')) {
    await reportLatency(values.etcd, [25, 80]);
    await reportRegionChange(rounds, [values.etcd, '2.3.8'], 25);
  }
  const minutes = Number(values['memory-minutes']);
  if (only.includes('memory') && minutes > 0) await reportMemory(minutes);
}

function upgrades(): readonly Way[] {
  return values.upgrades.split(',').map((way) => {
    const [from = '', to = ''] = way.split(':');
    if (isSupported(from) && isSupported(to)) return { from, to };
    throw new Error(`--upgrades has '${way}'; allowed: FROM:TO, such as 3.4.15:3.5.35`);
  });
}

async function reportBoot(rounds: number): Promise<void> {
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
}

const everyMs = 10;

async function reportReplacement(rounds: number): Promise<void> {
  printHeader(['members', 'procedure', ...resultColumns]);
  const version = { from: values.etcd, to: values.etcd, clientVersion: values.etcd };
  for (const members of [3, 5]) {
    for (let round = 0; round < rounds; round++) {
      const old = await replaceTheOldWay({ ...version, members, everyMs });
      printResult([members, `old, waits left out (+ ${members * oldWaitsSeconds} s)`], old);
      const ours = await operateUnderLoad({ members, etcd: values.etcd }, everyMs, (cluster) =>
        rotate(cluster, { reason: 'benchmark' }),
      );
      printResult([members, 'RotateInstances'], ours);
    }
  }
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

if (values.help) process.stdout.write(usage);
else await main();
