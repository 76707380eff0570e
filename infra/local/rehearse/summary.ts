/** A rehearsal in figures: what the report and the terminal say of it. Pure. */
import { compareVersions } from '#etcd/versions.ts';
import type { HopProgress } from '../../upgrade/progress.ts';
import { figuresOf, type StretchFigures } from './figures.ts';
import { oldWaitsSeconds } from './oldProcedure.ts';
import type { RehearseOptions } from './options.ts';
import type { OldRotation, Upgraded } from './rehearsal.ts';

export interface Rehearsal {
  /** ISO 8601 */
  readonly at: string;
  readonly options: Pick<RehearseOptions, 'from' | 'to' | 'members' | 'everyMs' | 'strategy'>;
  readonly upgraded: Upgraded;
  /** Empty where it was left out. */
  readonly old: readonly OldRotation[];
}

export interface Summary {
  /** The cluster was upgraded, and nothing that was acknowledged is missing. */
  readonly succeeded: boolean;
  readonly from: string;
  readonly to: string;
  readonly members: number;
  readonly tookMs: number;
  /** From the start of the execution to its end. */
  readonly whole: StretchFigures;
  /** Acknowledged writes; null: no member could be read. */
  readonly lost: number | null;
  readonly acknowledged: number;
  readonly hops: readonly HopFigures[];
  /** Milliseconds in which one member was down, all of them together; null where instances were replaced. */
  readonly downMs: number | null;
  readonly transitionsPerStep: number;
  readonly eventsPerStep: number;
  readonly old: OldFigures | null;
  /** One sentence; null where it went well. */
  readonly problem: string | null;
}

export interface HopFigures extends StretchFigures {
  readonly hop: HopProgress;
  /** As it is drawn: milliseconds since the load began. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** What its longest gap should not exceed. */
  readonly gapGoalMs: number;
}

/** Of all rotations that got through, each on its own cluster. */
export interface OldFigures {
  readonly rotations: number;
  readonly failed: number;
  readonly offered: number;
  readonly longestGapMs: number;
  readonly lost: number;
  readonly measuredMs: number;
  /** Added arithmetically: what nobody waited for here. */
  readonly waitsMs: number;
  readonly belowMs: number;
  /** Those that did not get through: sentences. */
  readonly problems: readonly string[];
}

/** Up to 3.0 a leader that stops hands nothing over: etcd elects, which takes a second and more. */
const gapGoalMs = (from: string) => (compareVersions(from, '3.1.0') < 0 ? 2_000 : 250);

export function summaryOf({ options, upgraded, old }: Rehearsal): Summary {
  const { clients, report, startedAtMs, history } = upgraded;
  const { record } = clients;
  const offsetMs = startedAtMs - record.beganAtMs;
  const hops = upgraded.hops.map((hop) => {
    const fromMs = hop.beganAtMs - record.beganAtMs;
    const untilMs = (hop.endedAtMs ?? startedAtMs + report.tookMs) - record.beganAtMs;
    return { hop, fromMs, untilMs, gapGoalMs: gapGoalMs(hop.from), ...figuresOf(record, { fromMs, untilMs }) };
  });
  const steps = upgraded.hops.flatMap(({ members }) => members);
  const downs = steps.map(({ downMs }) => downMs);
  const lost = clients.lost === null ? null : clients.lost.length;
  return {
    succeeded: report.outcome === 'upgraded' && lost === 0,
    ...options,
    tookMs: report.tookMs,
    whole: figuresOf(record, { fromMs: offsetMs, untilMs: offsetMs + report.tookMs }),
    lost,
    acknowledged: clients.acknowledged.length,
    hops,
    downMs: downs.includes(null) ? null : sum(downs.map((ms) => ms ?? 0)),
    transitionsPerStep: history.transitions / Math.max(1, steps.length),
    eventsPerStep: history.events / Math.max(1, steps.length),
    old: old.length === 0 ? null : oldFigures(old, options.members),
    problem: problemOf(upgraded, lost),
  };
}

function problemOf({ report }: Upgraded, lost: number | null): string | null {
  if (report.failure !== null) return `${report.failure.error}: ${report.failure.cause}`;
  if (lost === null) return 'no member could be read in the end';
  return lost > 0 ? `${lost} acknowledged writes are missing` : null;
}

function oldFigures(old: readonly OldRotation[], members: number): OldFigures {
  const results = old.flatMap((one) => ('result' in one ? [one.result] : []));
  return {
    rotations: results.length,
    failed: sum(results.map(({ failed }) => failed)),
    offered: sum(results.map(({ offered }) => offered)),
    longestGapMs: Math.max(0, ...results.map(({ longestGapMs }) => longestGapMs)),
    lost: sum(results.map(({ lost }) => lost)),
    measuredMs: sum(results.map(({ seconds }) => seconds)) * 1000,
    waitsMs: old.length * members * oldWaitsSeconds * 1000,
    belowMs: sum(results.map(({ belowSeconds }) => belowSeconds)) * 1000,
    problems: old.flatMap((one) => ('problem' in one ? [`${one.from} to ${one.to}: ${one.problem}`] : [])),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
