/** An open-loop load: a write every few milliseconds whatever became of the earlier ones, no retry. */
import { write } from '../cluster/kv.ts';

export interface LoadResult {
  readonly offered: number;
  readonly failed: number;
  /** Longest time in which no write was acknowledged, in milliseconds, the open end included. */
  readonly longestGapMs: number;
  /** Keys that were acknowledged. */
  readonly acknowledged: readonly string[];
}

const timeoutMs = 5_000;

/** @param addresses asked before each write; each takes its turn */
export function startLoad(
  addresses: () => readonly string[],
  version: string,
  everyMs: number,
): { stop(): Promise<LoadResult> } {
  const acknowledged: string[] = [];
  const underWay = new Set<Promise<void>>();
  let offered = 0;
  let failed = 0;
  let lastAck = performance.now();
  let longestGapMs = 0;

  function note(): void {
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - lastAck);
    lastAck = now;
  }

  const timer = setInterval(() => {
    const all = addresses();
    const address = all[offered % all.length] ?? '';
    const key = `load-${offered++}`;
    const done = write(address, version, key, key, timeoutMs)
      .then(
        () => {
          acknowledged.push(key);
          note();
        },
        () => void failed++,
      )
      .finally(() => underWay.delete(done));
    underWay.add(done);
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      longestGapMs = Math.max(longestGapMs, performance.now() - lastAck);
      await Promise.all(underWay);
      return { offered, failed, longestGapMs, acknowledged };
    },
  };
}
