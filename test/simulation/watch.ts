/** What must never happen, noted when it does, and a trace for whoever looks into it. */
import type { Timeline } from './timeline.ts';

export interface Watch {
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  /** How often what happened, for the report. */
  readonly counts: Map<string, number>;
  /** A line of the trace; seconds of virtual time are put in front. */
  say(who: string, what: string, fields?: object): void;
  violated(what: string): void;
  count(what: string): void;
}

export function createWatch(timeline: Timeline, keepTrace: boolean): Watch {
  const violations: string[] = [];
  const trace: string[] = [];
  const counts = new Map<string, number>();

  function say(who: string, what: string, fields?: object): void {
    if (!keepTrace) return;
    const text = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
    trace.push(`${(timeline.nowMs / 1000).toFixed(3).padStart(9)}  ${who.padEnd(8)} ${what}${text}`);
  }

  return {
    violations,
    trace,
    counts,
    say,
    violated(what) {
      violations.push(`${(timeline.nowMs / 1000).toFixed(3)} s: ${what}`);
      say('WATCH', `VIOLATION: ${what}`);
    },
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
  };
}
