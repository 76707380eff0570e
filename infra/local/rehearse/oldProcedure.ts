/**
 * The predecessor's way to replace all instances, emulated with the same binaries and load: an operator terminates one
 * instance after the other; each removes itself and is killed, its successor is added as a voter and started. Its naps (30 s
 * after the removal, 30 s after the addition) and the operator's five minutes between two instances are not waited for:
 * whoever reports the figures adds them, and says so.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { peerUrl } from '#etcd/addresses.ts';
import { etcdArguments } from '#etcd/arguments.ts';
import { createEtcdClient } from '../../agent/machine/etcdClient.ts';
import { createEtcdMembership } from '../../agent/machine/etcdMembership.ts';
import { resolveEtcd } from '../../infra/local/binaries/resolve.ts';
import { read } from '../cluster/kv.ts';
import { type LoadResult, startLoad } from './load.ts';

export interface ProcedureResult extends LoadResult {
  readonly seconds: number;
  /** Acknowledged writes that are not there afterwards. */
  readonly lost: number;
}

interface Running {
  readonly name: string;
  readonly address: string;
  readonly child: ChildProcess;
}

const timeoutMs = 5_000;

export async function replaceTheOldWay(members: number, version: string, everyMs: number): Promise<ProcedureResult> {
  const binary = await resolveEtcd(version);
  const folder = mkdtempSync(join(tmpdir(), 'etcd-old-'));
  const network = `127.${1 + (process.pid % 250)}.${Math.floor(Math.random() * 250)}`;
  let next = 10;
  const place = () => ({ name: `m${next}`, address: `${network}.${next++}` });
  const start = (
    { name, address }: ReturnType<typeof place>,
    all: readonly { name: string; address: string }[],
    clusterState: 'new' | 'existing',
  ): Running => {
    const list = all.map((one) => ({ name: one.name, peerUrl: peerUrl(one.address) }));
    const spec = {
      name,
      version,
      dataDir: join(folder, name),
      address,
      members: list,
      clusterToken: 'old',
      clusterState,
    };
    return { name, address, child: spawn(binary, etcdArguments(spec), { stdio: 'ignore' }) };
  };
  const first = Array.from({ length: members }, place);
  let running = first.map((one) => start(one, first, 'new'));
  try {
    await Promise.all(running.map(({ address }) => answers(address, version)));
    const load = startLoad(() => running.map(({ address }) => address), version, everyMs);
    const began = performance.now();
    for (const old of [...running]) {
      const id = await retry(() => idOf(old, version));
      const other = running.find((one) => one !== old)?.address ?? '';
      // By itself, as it did; its answer may be lost with its end.
      await retry(async () => {
        if (!(await isListed(id, other, version))) return;
        await createEtcdMembership({ address: old.address, version, timeoutMs }).remove(id);
      });
      await end(old.child);
      running = running.filter((one) => one !== old);
      const successor = place();
      const [through] = running;
      await retry(() =>
        createEtcdMembership({ address: through?.address ?? '', version, timeoutMs }).add(
          peerUrl(successor.address),
          false,
        ),
      );
      const started = start(successor, [...running, successor], 'existing');
      running = [...running, started];
      await answers(successor.address, version);
    }
    const seconds = (performance.now() - began) / 1000;
    const result = await load.stop();
    return { ...result, seconds, lost: await lostAt(running[0]?.address ?? '', version, result.acknowledged) };
  } finally {
    await Promise.all(running.map(({ child }) => end(child)));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Those of the keys that are not there. */
export async function lostAt(address: string, version: string, keys: readonly string[]): Promise<number> {
  let lost = 0;
  for (const key of keys) if ((await read(address, version, key)) !== key) lost++;
  return lost;
}

async function idOf({ name, address }: Running, version: string): Promise<string> {
  const { members } = await createEtcdClient({ address, version, timeoutMs }).members();
  return members.find((member) => member.name === name)?.id ?? '';
}

async function isListed(id: string, address: string, version: string): Promise<boolean> {
  const { members } = await createEtcdClient({ address, version, timeoutMs }).members();
  return members.some((member) => member.id === id);
}

async function answers(address: string, version: string): Promise<void> {
  await retry(() => createEtcdClient({ address, version, timeoutMs: 500 }).linearizableRead());
}

/** What etcd refuses (peers connected for less than 5 s) is tried again, as its operator would. */
async function retry<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + 60_000; ; ) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
