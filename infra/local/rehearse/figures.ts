/** What the attempts of a load say about stretches of time. Pure. */
import type { LoadRecord } from './load.ts';

/** Milliseconds since the load began. */
export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface StretchFigures {
  /** Writes offered in it, and those of them that failed. */
  readonly offered: number;
  readonly failed: number;
  /** Longest time without an acknowledged write of which some is in the stretch, in milliseconds. */
  readonly longestGapMs: number;
}

export function figuresOf(record: LoadRecord, { fromMs, untilMs }: Stretch): StretchFigures {
  const offered = record.attempts.filter(({ offeredAtMs }) => offeredAtMs >= fromMs && offeredAtMs < untilMs);
  const gaps = gapsOf(record).filter((gap) => gap.fromMs < untilMs && gap.untilMs > fromMs);
  return {
    offered: offered.length,
    failed: offered.filter(({ acknowledged }) => !acknowledged).length,
    longestGapMs: Math.max(0, ...gaps.map((gap) => gap.untilMs - gap.fromMs)),
  };
}

/** Between two acknowledgements that follow each other, the open ends included. */
function gapsOf({ attempts, lastedMs }: LoadRecord): readonly Stretch[] {
  const acknowledged = attempts.filter(({ acknowledged, endedAtMs }) => acknowledged && endedAtMs < lastedMs);
  const ends = [0, ...acknowledged.map(({ endedAtMs }) => endedAtMs), lastedMs];
  return ends.slice(1).map((untilMs, index) => ({ fromMs: ends[index] ?? 0, untilMs }));
}

export interface Bucket {
  readonly fromMs: number;
  /** Writes acknowledged in it; where several were merged, the fewest in any of them. */
  readonly acknowledged: number;
  /** Writes offered in it that failed. */
  readonly failed: number;
}

export const bucketMs = 100;
/** More than a chart has room for. */
const mostBuckets = 2_400;

/** Every 100 ms of the load; in a long one several are merged, such that the worst of them still shows. */
export function bucketsOf({ attempts, lastedMs }: LoadRecord): readonly Bucket[] {
  const count = Math.max(1, Math.floor(lastedMs / bucketMs));
  const acknowledged = new Array<number>(count).fill(0);
  const failed = new Array<number>(count).fill(0);
  for (const attempt of attempts) {
    const [into, atMs] = attempt.acknowledged ? [acknowledged, attempt.endedAtMs] : [failed, attempt.offeredAtMs];
    const index = Math.floor(atMs / bucketMs);
    if (index < count) into[index] = (into[index] ?? 0) + 1;
  }
  const merged = Math.ceil(count / mostBuckets);
  return Array.from({ length: Math.ceil(count / merged) }, (_, index) => {
    const [from, until] = [index * merged, (index + 1) * merged];
    return {
      fromMs: from * bucketMs,
      acknowledged: Math.min(...acknowledged.slice(from, until)),
      failed: failed.slice(from, until).reduce((sum, one) => sum + one, 0),
    };
  });
}
