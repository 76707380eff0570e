/** RollingUpgrade beside a bare script of the same steps and the predecessor's procedure, run by run. */

import { clientVersionAt } from '../../infra/local/rehearse/clients.ts';
import { openCluster, type RehearsalCluster } from '../../infra/local/rehearse/cluster.ts';
import { oldWaitsSeconds, type ProcedureResult, replaceTheOldWay } from '../../infra/local/rehearse/oldProcedure.ts';
import { type Upgraded, upgradeUnderLoad } from '../../infra/local/rehearse/rehearsal.ts';
import { type BareUpgrade, upgradeBare } from './bareUpgrade.ts';
import { median } from './median.ts';

const ways = [
  ['3.4.15', '3.5.35'],
  ['2.3.8', '3.0.17'],
] as const;
const members = 3;
const everyMs = 10;

interface Round {
  readonly ours: OurUpgrade;
  readonly bare: BareUpgrade;
  readonly old: ProcedureResult;
}

interface OurUpgrade extends ProcedureResult {
  readonly stepSeconds: readonly number[];
  readonly transitions: number;
  readonly events: number;
}

export async function reportUpgrade(rounds: number): Promise<void> {
  for (const [from, to] of ways) {
    const all: Round[] = [];
    line(`\n${from} to ${to}, ${members} members\n`);
    line('| procedure | failed / offered | longest gap (ms) | lost | s below full tolerance | s | s per step |');
    line('|---|---|---|---|---|---|---|');
    // Turn by turn, so that what else the machine does falls on all of them.
    for (let round = 0; round < rounds; round++) {
      const ours = await upgradeOurs(from, to);
      row('RollingUpgrade', ours, ours.stepSeconds);
      const bare = await upgradeBare(members, from, to, everyMs);
      row('bare script', bare, bare.stepSeconds);
      const old = await replaceTheOldWay({ members, from, to, everyMs, clientVersion: clientVersionAt(from) });
      row(`old, emulated (+ ${members * oldWaitsSeconds} s of waiting, calculated)`, old, []);
      all.push({ ours, bare, old });
    }
    summarize(all);
  }
}

async function upgradeOurs(from: string, to: string): Promise<OurUpgrade> {
  let cluster: RehearsalCluster | null = null;
  try {
    cluster = await openCluster(
      { from, to, members, keep: false },
      () => {},
      () => {},
    );
    const options = { from, to, everyMs, strategy: 'inPlace' } as const;
    const upgraded = await upgradeUnderLoad(cluster, options, { say: () => {}, show: () => {}, end: () => {} });
    return figuresOf(upgraded);
  } finally {
    await cluster?.close();
  }
}

function figuresOf({ report, hops, clients, history }: Upgraded): OurUpgrade {
  if (report.failure !== null) throw new Error(`RollingUpgrade: ${report.failure.error}: ${report.failure.cause}`);
  const steps = hops.flatMap((hop) => hop.members);
  return {
    ...clients,
    lost: clients.lost?.length ?? Number.NaN,
    seconds: report.tookMs / 1000,
    belowSeconds: steps.reduce((sum, { downMs }) => sum + (downMs ?? 0), 0) / 1000,
    stepSeconds: steps.map(({ beganAtMs, endedAtMs }) => ((endedAtMs ?? beganAtMs) - beganAtMs) / 1000),
    transitions: history.transitions / steps.length,
    events: history.events / steps.length,
  };
}

function row(procedure: string, result: ProcedureResult, steps: readonly number[]): void {
  const { failed, offered, longestGapMs, lost, belowSeconds, seconds } = result;
  const step = steps.length === 0 ? '' : mean(steps).toFixed(2);
  line(
    `| ${procedure} | ${failed} / ${offered} | ${longestGapMs.toFixed(0)} | ${lost} | ${belowSeconds.toFixed(2)} | ${seconds.toFixed(1)} | ${step} |`,
  );
}

function summarize(rounds: readonly Round[]): void {
  const middle = (of: (round: Round) => number) => median(rounds.map(of)).toFixed(2);
  line('\nMedians:');
  line(`- failed: ${middle(({ ours }) => ours.failed)}, the old procedure ${middle(({ old }) => old.failed)}`);
  line(
    `- overhead for each member over the bare script: ${middle(({ ours, bare }) => (ours.seconds - bare.seconds) / members)} s of the whole, ${middle(({ ours, bare }) => mean(ours.stepSeconds) - mean(bare.stepSeconds))} s of its step`,
  );
  line(
    `- transitions and history events for each member: ${middle(({ ours }) => ours.transitions)}, ${middle(({ ours }) => ours.events)}`,
  );
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function line(text: string): void {
  process.stdout.write(`${text}\n`);
}
