/** An open-loop client: a write every few milliseconds, whatever became of the earlier ones, retried on the next member. */
import { setTimeout as sleep } from 'node:timers/promises';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import type { TestCluster } from './cluster.ts';

export interface TrafficOptions {
  readonly cluster: TestCluster;
  /** X.Y.Z */
  readonly etcd: string;
  /** Asked before each attempt; absent: those of all instances. */
  readonly addresses?: () => readonly string[] | Promise<readonly string[]>;
  readonly everyMs?: number;
}

export interface TrafficResult {
  /** Keys whose write was acknowledged; the value is the key. */
  readonly acknowledged: readonly string[];
  /** Operations that no member took within their time. */
  readonly failed: readonly string[];
  /** Attempts of operations that succeeded later. */
  readonly retried: number;
}

export interface Traffic {
  readonly acknowledged: readonly string[];
  /** Waits for the operations under way. */
  stop(): Promise<TrafficResult>;
}

const attemptMs = 2_000;
const operationMs = 15_000;
const pauseMs = 50;

export function startTraffic({
  cluster,
  etcd,
  addresses = () => addressesOf(cluster),
  everyMs = 50,
}: TrafficOptions): Traffic {
  const acknowledged: string[] = [];
  const failed: string[] = [];
  const underWay = new Set<Promise<void>>();
  let retried = 0;
  let count = 0;

  async function operation(key: string, turn: number): Promise<void> {
    const deadline = Date.now() + operationMs;
    let last = '';
    for (let attempt = 0; Date.now() < deadline && !cluster.closing.aborted; attempt++) {
      try {
        const all = await addresses();
        const address = all[(turn + attempt) % all.length];
        if (address === undefined) throw new Error('there is no member');
        await write(address, etcd, key, key, attemptMs);
        acknowledged.push(key);
        return;
      } catch (error) {
        last = (error as Error).message;
        retried++;
        await sleep(pauseMs);
      }
    }
    failed.push(`${key}: ${last}`);
  }

  const timer = setInterval(() => {
    const done: Promise<void> = operation(`traffic-${++count}`, count).finally(() => underWay.delete(done));
    underWay.add(done);
  }, everyMs);
  cluster.closing.addEventListener('abort', () => clearInterval(timer));
  return {
    acknowledged,
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      return { acknowledged, failed, retried };
    },
  };
}

/** Of all instances, whether they serve or not. */
export async function addressesOf({ home }: TestCluster): Promise<readonly string[]> {
  return (await home.instances()).map(({ address }) => address);
}

/** Those of the acknowledged keys that this member does not have. */
export async function lostAt(address: string, etcd: string, { acknowledged }: TrafficResult): Promise<string[]> {
  const lost: string[] = [];
  for (let from = 0; from < acknowledged.length; from += 20) {
    const some = acknowledged.slice(from, from + 20);
    const values = await Promise.all(
      some.map((key) => read(address, etcd, key).catch((error: Error) => error.message)),
    );
    lost.push(...some.filter((key, index) => values[index] !== key));
  }
  return lost;
}
