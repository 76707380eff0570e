/** When etcd is started again after it exited, and when that is called a crash loop. */

export interface EtcdExit {
  /** Milliseconds of a monotonic clock. */
  readonly startedAtMs: number;
  readonly exitedAtMs: number;
}

export interface NextStart {
  /** Milliseconds from the last exit to the next start. */
  readonly delayMs: number;
  readonly crashLooping: boolean;
}

/** A run at least this long forgives the exits before it. */
export const stableRunMs = 60_000;
/** Short runs in a row that make a crash loop. */
export const crashLoopExits = 5;
const firstDelayMs = 250;
const longestDelayMs = 30_000;

/**
 * The first restart is at once, since a killed etcd is back in 80 to 300 ms; each further short run doubles the wait:
 * 0, 0.25, 0.5, 1, 2 ... 30 s. Restarting goes on in a crash loop, for the cause may pass; it is reported, not hidden.
 * @param exits oldest first
 */
export function nextStart(exits: readonly EtcdExit[]): NextStart {
  const short = shortRunsInARow(exits);
  const delayMs = short <= 1 ? 0 : Math.min(firstDelayMs * 2 ** (short - 2), longestDelayMs);
  return { delayMs, crashLooping: short >= crashLoopExits };
}

function shortRunsInARow(exits: readonly EtcdExit[]): number {
  const stable = exits.findLastIndex((exit) => exit.exitedAtMs - exit.startedAtMs >= stableRunMs);
  return exits.length - 1 - stable;
}
