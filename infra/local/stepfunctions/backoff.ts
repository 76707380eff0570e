/** How long a Retry waits. */
import type { Retrier } from './definition.ts';

/** Retries of a retrier that names no MaxAttempts. */
export const defaultMaxAttempts = 3;

/**
 * Seconds before retry `retry` (0 for the first): IntervalSeconds times BackoffRate for each earlier retry, at most
 * MaxDelaySeconds, and with full jitter anything from 0 up to that (`random` in [0, 1)).
 */
export function retryDelaySeconds(retrier: Retrier, retry: number, random: number): number {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Number.MAX_SAFE_INTEGER } = retrier;
  const delay = Math.min(IntervalSeconds * BackoffRate ** retry, MaxDelaySeconds);
  return retrier.JitterStrategy === 'FULL' ? delay * random : delay;
}
