/** How an upgrade ended, as `--json` prints it. Pure. */
import type { Hop, UpgradePlan } from '../../tasks/catalogue.ts';
import type { Ended } from '../executions/follow.ts';
import { currentMember, type Outcome, type Progress } from './progress.ts';

export interface Report {
  readonly execution: string;
  /** Of the execution. */
  readonly status: string;
  readonly outcome: Outcome;
  readonly plan: UpgradePlan | null;
  /** From the start of the execution to its end. */
  readonly tookMs: number;
  readonly members: readonly MemberReport[];
  /** Of this execution. */
  readonly hops: readonly HopReport[];
  /** Null where it succeeded. */
  readonly failure: Failure | null;
}

export interface MemberReport {
  readonly member: string;
  /** X.Y.Z */
  readonly before: string;
  /** X.Y.Z: what it ran when it was last heard of. */
  readonly after: string;
  /** Instance id of the one that took its place; null where it stayed. */
  readonly successor: string | null;
}

export interface HopReport {
  readonly kind: Hop['kind'];
  readonly from: string;
  readonly to: string;
  readonly number: number;
  readonly of: number;
  /** Null where it did not end. */
  readonly tookMs: number | null;
  /** `downMs`: without etcd; null where the instance was replaced. */
  readonly members: readonly { readonly member: string; readonly tookMs: number; readonly downMs: number | null }[];
}

export interface Failure {
  readonly error: string;
  readonly cause: string;
  /** Null where it is about no member. */
  readonly member: string | null;
  /** Headings in docs/runbook.md, as anchors. */
  readonly runbook: readonly string[];
  /** Whether an operator has to decide: the lock is kept until then. */
  readonly lockKept: boolean;
}

export function reportOf(execution: string, progress: Progress, ended: Ended, tookMs: number): Report {
  const { plan, hops, locked } = progress;
  const { status } = ended;
  const succeeded = status === 'SUCCEEDED';
  const outcome = progress.outcome ?? (succeeded ? 'upgraded' : locked ? 'halted' : 'refused');
  return {
    execution,
    status,
    outcome,
    plan,
    tookMs,
    members: membersOf(progress, outcome),
    hops: hops.map(({ kind, from, to, number, of, beganAtMs, endedAtMs, members }) => ({
      kind,
      from,
      to,
      number,
      of,
      tookMs: endedAtMs === null ? null : endedAtMs - beganAtMs,
      members: members.flatMap(({ member, successor, beganAtMs: began, endedAtMs: at, downMs }) =>
        at === null ? [] : [{ member: successor ?? member, tookMs: at - began, downMs }],
      ),
    })),
    failure: succeeded ? null : failureOf(progress, ended, outcome === 'halted'),
  };
}

/** Whoever was there in the beginning; what a member runs is known from its own step, and of all at a good end. */
function membersOf({ plan, hops }: Progress, outcome: Outcome): readonly MemberReport[] {
  return (plan?.order ?? []).map(({ member, version: before }) => {
    const now = { name: member, runs: before, replaced: false };
    for (const hop of hops) {
      const steps = hop.members.filter((one) => one.member === now.name && one.endedAtMs !== null);
      const successor = steps.find((one) => one.successor !== null)?.successor;
      if (successor != null) Object.assign(now, { name: successor, replaced: true });
      if (steps.length > 0 || hop.endedAtMs !== null) now.runs = hop.to;
    }
    const after = outcome === 'upgraded' ? (plan?.to ?? now.runs) : now.runs;
    return { member, before, after, successor: now.replaced ? now.name : null };
  });
}

const runbookNote = /docs\/runbook\.md#([a-z0-9-]+)/g;

function failureOf(progress: Progress, { status, error, cause = '' }: Ended, lockKept: boolean): Failure {
  const named = [...cause.matchAll(runbookNote)].map(([, heading = '']) => heading);
  const said = cause.replace(/; the lock is kept: .*$/s, '').replace(/ \(runbook: [^)]*\)/g, '');
  const member = currentMember(progress)?.member ?? /\bi-[0-9a-f]{8,17}\b/.exec(said)?.[0] ?? null;
  return {
    error: error ?? status,
    cause: said === '' ? (endings[status] ?? 'it gave no cause') : said,
    member,
    runbook: [...new Set([...named, ...(lockKept ? ['upgrade-halted'] : [])])],
    lockKept,
  };
}

/** Of executions that somebody or the time ended. */
const endings: Readonly<Record<string, string>> = {
  ABORTED: 'somebody stopped the execution',
  TIMED_OUT: 'the execution took longer than it may',
};
