/** How long an upgrade may still take: the plan's estimate, scaled by what was measured so far. Pure. */
import type { Progress } from './progress.ts';

/** @returns milliseconds from `nowMs` on; null where nobody can tell yet, or it has ended */
export function remainingMs(progress: Progress, nowMs: number): number | null {
  const { plan, hops, remaining, outcome } = progress;
  if (plan === null || outcome !== null || plan.hops.length === 0) return null;
  const size = plan.order.length;
  // Each hop is a step of each member, and one for all that is done with all of them.
  const plannedMs = (plan.estimatedSeconds * 1000) / (plan.hops.length * (size + 1));
  const done = hops.flatMap(({ beganAtMs, endedAtMs, members }) => {
    const ended = members.flatMap(({ endedAtMs: at }) => at ?? []).slice(0, size);
    const until = endedAtMs ?? ended.at(-1) ?? null;
    return until === null ? [] : [{ steps: endedAtMs === null ? ended.length : size + 1, ms: until - beganAtMs }];
  });
  const steps = sum(done.map((one) => one.steps));
  const stepMs = steps === 0 ? plannedMs : sum(done.map(({ ms }) => ms)) / steps;
  const current = hops.at(-1);
  const isOpen = current !== undefined && current.endedAtMs === null;
  const stepsOfOpen = isOpen ? (done.length === hops.length ? (done.at(-1)?.steps ?? 0) : 0) : 0;
  const left = (remaining ?? plan.hops.length) * (size + 1) - stepsOfOpen;
  const sinceMs = nowMs - (lastStepAtMs(progress) ?? nowMs);
  // A step that takes longer than the others says nothing of those after it.
  return Math.max(0, left * stepMs - Math.min(sinceMs, stepMs));
}

function lastStepAtMs({ hops }: Progress): number | null {
  const hop = hops.at(-1);
  if (hop === undefined) return null;
  return hop.endedAtMs ?? hop.members.findLast(({ endedAtMs }) => endedAtMs !== null)?.endedAtMs ?? hop.beganAtMs;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
