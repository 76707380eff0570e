/** RollingUpgrade beside a bare script of the same steps and the predecessor's procedure, run by run. */

import { clientVersionAt } from '../../infra/local/rehearse/clients.ts';
import { openCluster, type RehearsalCluster } from '../../infra/local/rehearse/cluster.ts';
import { oldWaitsSeconds, type ProcedureResult, replaceTheOldWay } from '../../infra/local/rehearse/oldProcedure.ts';
import { type Upgraded, upgradeUnderLoad } from '../../infra/local/rehearse/rehearsal.ts';
import { type BareUpgrade, upgradeBare } from './bareUpgrade.ts';
import { median } from './median.ts';

const members = 3;
const everyMs = 10;

export interface Way {
  /** X.Y.Z */
  readonly from: string;
  readonly to: string;
}

interface Round {
  readonly ours: OurUpgrade;
  readonly bare: BareUpgrade;
  readonly old: ProcedureResult;
}

interface OurUpgrade extends ProcedureResult {
  readonly stepSeconds: readonly number[];
  /** From the first member's step to the end of the last. */
  readonly turnsSeconds: number;
  readonly transitions: number;
  readonly events: number;
}

export async function reportUpgrade(rounds: number, ways: readonly Way[]): Promise<void> {
  for (const { from, to } of ways) {
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
      { from, to, members, tls: true, keep: false },
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
  const endOf = ({ beganAtMs, endedAtMs }: (typeof steps)[number]) => endedAtMs ?? beganAtMs;
  return {
    ...clients,
    lost: clients.lost?.length ?? Number.NaN,
    seconds: report.tookMs / 1000,
    belowSeconds: steps.reduce((sum, { downMs }) => sum + (downMs ?? 0), 0) / 1000,
    stepSeconds: steps.map((step) => (endOf(step) - step.beganAtMs) / 1000),
    turnsSeconds: (Math.max(...steps.map(endOf)) - Math.min(...steps.map(({ beganAtMs }) => beganAtMs))) / 1000,
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
  const bareTurns = ({ bare }: Round) => bare.stepSeconds.reduce((sum, one) => sum + one, 0);
  const rows: readonly (readonly [string, (round: Round) => number])[] = [
    ['failed writes, RollingUpgrade', ({ ours }) => ours.failed],
    ['failed writes, old procedure', ({ old }) => old.failed],
    [
      'overhead for each member, s: all that the upgrade does',
      ({ ours, bare }) => (ours.seconds - bare.seconds) / members,
    ],
    ['overhead for each member, s: its turn', (round) => (round.ours.turnsSeconds - bareTurns(round)) / members],
    ['transitions for each member', ({ ours }) => ours.transitions],
    ['history events for each member', ({ ours }) => ours.events],
  ];
  line('\n| medians | |\n|---|---|');
  for (const [what, of] of rows) line(`| ${what} | ${middle(of)} |`);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function line(text: string): void {
  process.stdout.write(`${text}\n`);
}
