/**
 * An open-loop load: a write every few milliseconds whatever became of the earlier ones, no retry. It keeps what became of
 * each, so that any stretch of time can be looked at afterwards. It has a thread of its own, so that it measures the cluster
 * and not what else its process is busy with.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { TlsIdentity } from '../../../agent/machine/http.ts';

/** What became of one write; times in milliseconds since the load began. */
export interface Attempt {
  readonly offeredAtMs: number;
  readonly endedAtMs: number;
  readonly acknowledged: boolean;
}

export interface LoadRecord {
  /** Epoch milliseconds. */
  readonly beganAtMs: number;
  /** Milliseconds from its beginning to the last offer. */
  readonly lastedMs: number;
  /** In the order of their end. */
  readonly attempts: readonly Attempt[];
}

export interface LoadResult {
  readonly offered: number;
  readonly failed: number;
  /** Longest time in which no write was acknowledged, in milliseconds, the open end included. */
  readonly longestGapMs: number;
  /** Keys that were acknowledged; the value of each is the key. */
  readonly acknowledged: readonly string[];
  readonly record: LoadRecord;
}

/** Where writes go; each address takes its turn. */
export interface LoadTarget {
  readonly addresses: readonly string[];
  /** Absent: in the clear. */
  readonly identity?: TlsIdentity;
  /** Whether members that speak no TLS are spoken to in the clear. */
  readonly orPlain?: boolean;
  /** X.Y.Z whose API is used: below 3.0 that of v2. */
  readonly version: string;
}

export interface LoadOptions {
  readonly target: LoadTarget;
  /** Milliseconds between two writes. */
  readonly everyMs: number;
}

/** What the thread says now and then, as of a moment ago. */
export interface LoadState {
  readonly offered: number;
  readonly failed: number;
  /** The gap that is open now included. */
  readonly longestGapMs: number;
}

export interface Load {
  /** From the next write on. Resolves once those that went to the target before have ended. */
  aim(target: LoadTarget): Promise<void>;
  state(): LoadState;
  /** Waits for the writes under way; called again, it answers the same. */
  stop(): Promise<LoadResult>;
}

/** All keys are in it. */
export const loadFolder = 'load';

/** What the two threads say to each other. */
export type ToLoad = { readonly target: LoadTarget; readonly aim: number } | { readonly stop: true };
export type FromLoad = { readonly state: LoadState } | { readonly aimed: number } | { readonly result: LoadResult };

export async function startLoad({ target, everyMs }: LoadOptions): Promise<Load> {
  const worker = new Worker(new URL('./loadWorker.ts', import.meta.url), { workerData: { target, everyMs } });
  const send = (message: ToLoad) => worker.postMessage(message);
  const aimed = new Map<number, () => void>();
  let aims = 0;
  let state: LoadState = { offered: 0, failed: 0, longestGapMs: 0 };
  const ended = new Promise<LoadResult>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: FromLoad) => {
      if ('state' in message) state = message.state;
      else if ('aimed' in message) aimed.get(message.aimed)?.();
      else resolve(message.result);
    });
  });
  // Whoever stops it hears of it.
  ended.catch(() => undefined);
  // By the first state that it says, it has begun.
  await Promise.race([once(worker, 'message'), ended]);
  return {
    aim: (next) =>
      new Promise((resolve) => {
        const aim = ++aims;
        aimed.set(aim, resolve);
        send({ target: next, aim });
      }),
    state: () => state,
    stop() {
      send({ stop: true });
      return ended;
    },
  };
}
