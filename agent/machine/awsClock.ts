/**
 * AWS's clock, as the Date header of its answers tells it and this machine's monotonic clock carries it on: one clock for all
 * instances and for the control plane, whatever somebody sets this machine's own to. AWS refuses what is signed with a time
 * more than 5 minutes from its own (Signature Version 4: "Troubleshooting", time stamps).
 */
import { type Clock, systemClock } from './clock.ts';

export interface AwsClock {
  /** Epoch milliseconds; by this machine's own clock until AWS has answered for the first time. */
  nowMs(): number;
  /**
   * @param date the header of an answer that has just come
   * @returns whether it moved the clock: what was signed before was signed with a wrong time
   */
  heard(date: string | undefined): boolean;
}

/** The header has whole seconds, and an answer is under way for a while: less than this is no difference. */
const toleranceMs = 2_000;

export function createAwsClock({
  monotonicMs,
  epochMs,
}: Pick<Clock, 'monotonicMs' | 'epochMs'> = systemClock): AwsClock {
  let anchor = { toldMs: epochMs(), atMs: monotonicMs() };
  const nowMs = () => anchor.toldMs + monotonicMs() - anchor.atMs;
  return {
    nowMs,
    heard(date) {
      const toldMs = Date.parse(date ?? '');
      const moved = Math.abs(toldMs - nowMs()) > toleranceMs;
      if (moved) anchor = { toldMs, atMs: monotonicMs() };
      return moved;
    },
  };
}
