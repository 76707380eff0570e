/**
 * An open-loop client that puts into and gets from registers while something else goes on, and records what it asked and
 * what came back. Every put has a value of its own and nothing is tried twice, so a time-out is an operation of unknown
 * outcome. Every few seconds it goes on with new keys, so that each key's history stays short.
 */
import { randomUUID } from 'node:crypto';
import { read, wasNeverSent, write } from '../../infra/local/rehearse/kv.ts';
import { conflictInWords, conflicts } from '../linearizability/check.ts';
import type { Operation, Outcome } from '../linearizability/history.ts';
import { seeded } from '../simulation/random.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { addressesOf } from './traffic.ts';

export interface RegistersOptions {
  readonly cluster: TestCluster;
  /** X.Y.Z */
  readonly etcd: string;
  /** Asked before each operation; absent: those of all instances. */
  readonly addresses?: () => readonly string[] | Promise<readonly string[]>;
  /** Between two operations, gets and puts together. */
  readonly everyMs?: number;
}

export interface RegistersResult {
  /** Contradictions, in words; none where the history is linearizable. */
  readonly conflicts: readonly string[];
  /** Of the operations while it went on. */
  readonly counts: Readonly<Record<Outcome, number>>;
}

interface Reachable {
  readonly address: string;
}

export interface Registers {
  /**
   * Waits for the operations under way, then reads every register at every one of these members. These reads are part of
   * the history, so a member without the last acknowledged put is a contradiction.
   */
  stop(members: readonly Reachable[]): Promise<RegistersResult>;
}

const attemptMs = 2_000;
const keysAtOnce = 8;
/** With an operation every 10 ms, 37 of them for each key. */
const sliceMs = 3_000;
/** More puts than gets: what is put can be lost. */
const puts = 0.6;
const finalReadsAtOnce = 8;

export function startRegisters({
  cluster,
  etcd,
  addresses = () => addressesOf(cluster),
  everyMs = 10,
}: RegistersOptions): Registers {
  const history: Operation[] = [];
  const underWay = new Set<Promise<unknown>>();
  const random = seeded(1);
  // Its registers are its own, and empty at first.
  const client = randomUUID().slice(0, 8);
  const now = performance.now.bind(performance);
  const began = now();
  let count = 0;

  async function operation(): Promise<void> {
    const kind = random.chance(puts) ? 'put' : 'get';
    const key = `register-${client}-${Math.floor((now() - began) / sliceMs)}-${random.below(keysAtOnce)}`;
    const value = String(++count);
    const all = await addresses();
    if (all.length > 0) await recorded(kind, key, value, random.pick(all));
  }

  async function recorded(kind: Operation['kind'], key: string, put: string, through: string): Promise<Outcome> {
    const calledAt = now() - began;
    const note = (outcome: Outcome, value: string | null) => {
      history.push({ key, kind, value, outcome, calledAt, endedAt: now() - began, through });
      return outcome;
    };
    try {
      if (kind === 'get') return note('ok', await read(through, etcd, key, attemptMs));
      await write(through, etcd, key, put, attemptMs);
      return note('ok', put);
    } catch (error) {
      return note(wasNeverSent(error) ? 'failed' : 'unknown', kind === 'put' ? put : null);
    }
  }

  async function readAll(members: readonly Reachable[]): Promise<void> {
    const keys = new Set(history.map(({ key }) => key));
    const left = [...keys].flatMap((key) => members.map(({ address }) => ({ key, address })));
    async function reader(): Promise<void> {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const { key, address } = next;
        await eventually(`${key} at ${address}`, async () => (await recorded('get', key, '', address)) === 'ok');
      }
    }
    await Promise.all(Array.from({ length: finalReadsAtOnce }, reader));
  }

  const timer = setInterval(() => {
    const done: Promise<void> = operation().finally(() => underWay.delete(done));
    underWay.add(done);
  }, everyMs);
  const halt = () => clearInterval(timer);
  cluster.closing.addEventListener('abort', halt);
  return {
    async stop(members) {
      halt();
      await Promise.all(underWay);
      const counts = { ok: 0, unknown: 0, failed: 0 };
      for (const { outcome } of history) counts[outcome]++;
      await readAll(members);
      return { conflicts: conflicts(history).map(conflictInWords), counts };
    },
  };
}
