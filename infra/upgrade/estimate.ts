/** How long an upgrade may still take: the plan's estimate, scaled by what was measured so far. Pure. */
import { currentHop, type HopProgress, type Progress } from './progress.ts';

/** @returns milliseconds from `nowMs` on; null where nobody can tell yet, or it has ended */
export function remainingMs(progress: Progress, nowMs: number): number | null {
  const { plan, hops, remaining, outcome } = progress;
  if (plan === null || outcome !== null || plan.hops.length === 0) return null;
  // Each hop is a step of each member, and one for all that is done with all of them.
  const stepsOfHop = plan.order.length + 1;
  const plannedMs = (plan.estimatedSeconds * 1000) / (plan.hops.length * stepsOfHop);
  const measured = hops.map((hop) => doneIn(hop, stepsOfHop));
  const steps = sum(measured.map((one) => one.steps));
  const stepMs = steps === 0 ? plannedMs : sum(measured.map(({ ms }) => ms)) / steps;
  const stepsOfOpen = currentHop(progress) === null ? 0 : (measured.at(-1)?.steps ?? 0);
  const left = (remaining ?? plan.hops.length) * stepsOfHop - stepsOfOpen;
  const sinceMs = nowMs - (lastStepAtMs(progress) ?? nowMs);
  // A step that takes longer than the others says nothing of those after it.
  return Math.max(0, left * stepMs - Math.min(sinceMs, stepMs));
}

function doneIn({ beganAtMs, endedAtMs, members }: HopProgress, stepsOfHop: number): { steps: number; ms: number } {
  if (endedAtMs !== null) return { steps: stepsOfHop, ms: endedAtMs - beganAtMs };
  // Whoever came at the old release and is swapped after that has two.
  const ended = members.flatMap(({ endedAtMs: at }) => at ?? []).slice(0, stepsOfHop - 1);
  return { steps: ended.length, ms: (ended.at(-1) ?? beganAtMs) - beganAtMs };
}

function lastStepAtMs({ hops }: Progress): number | null {
  const hop = hops.at(-1);
  if (hop === undefined) return null;
  return hop.endedAtMs ?? hop.members.findLast(({ endedAtMs }) => endedAtMs !== null)?.endedAtMs ?? hop.beganAtMs;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
