/** Time as the duties use it: a parameter, so that years of it can be tried in seconds. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds that never go back; they mean nothing on another machine. */
  monotonicMs(): number;
  /** Milliseconds since 1970, as this machine believes; they jump when somebody sets it. */
  epochMs(): number;
  sleep(ms: number): Promise<unknown>;
}

/** This machine's own. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  epochMs: () => Date.now(),
  sleep: (ms) => sleep(ms),
};
