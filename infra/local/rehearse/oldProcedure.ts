/**
 * The predecessor's way to replace all instances, emulated with the same binaries and load: an operator terminates one
 * instance after the other; each removes itself and is killed, its successor is added as a voter and started. Into 3.0 the
 * successor joins with the old release and is swapped once it serves, as the predecessor did it. Its naps (30 s after the
 * removal, 30 s after the addition) and the operator's five minutes between two instances are not waited for: whoever reports
 * the figures adds them, and says so.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { peerUrl } from '#etcd/addresses.ts';
import { hopInto } from '#etcd/hops.ts';
import { minorOf } from '#etcd/versions.ts';
import { createEtcdClient } from '../../../agent/machine/etcdClient.ts';
import { presentToEtcd } from '../../../agent/machine/etcdHttp.ts';
import { createEtcdMembership } from '../../../agent/machine/etcdMembership.ts';
import { resolveEtcd } from '../binaries/resolve.ts';
import { type BareEtcd, endBareEtcd, randomNetwork, startBareEtcd } from './bareEtcd.ts';
import { readFolder } from './kv.ts';
import { type LoadResult, loadFolder, startLoad } from './load.ts';

export interface ProcedureResult extends LoadResult {
  readonly seconds: number;
  /** In which fewer members served than the cluster is to have. */
  readonly belowSeconds: number;
  /** Acknowledged writes that are not there afterwards. */
  readonly lost: number;
}

export interface OldProcedure {
  /** 3 or more: the only member cannot remove itself. */
  readonly members: number;
  /** X.Y.Z that the cluster runs, and that the successors run; the same: instances are replaced, not upgraded. */
  readonly from: string;
  readonly to: string;
  /** X.Y.Z whose API the load uses. */
  readonly clientVersion: string;
  readonly everyMs: number;
}

/** What the predecessor's operator and agents waited for each instance, and the emulation does not: 5 minutes and two naps of 30 s. */
export const oldWaitsSeconds = 360;

const timeoutMs = 5_000;
const longestMs = 60_000;

/** @throws Error where a successor does not come to serve within a minute */
export async function replaceTheOldWay(options: OldProcedure): Promise<ProcedureResult> {
  const { members, from, to, clientVersion, everyMs } = options;
  await Promise.all([resolveEtcd(from), resolveEtcd(to)]);
  // The predecessor's clusters spoke plain HTTP.
  presentToEtcd(null);
  const folder = mkdtempSync(join(tmpdir(), 'etcd-old-'));
  const network = randomNetwork();
  const v2Api = minorOf(clientVersion)?.startsWith('2.') ?? false;
  const swapsOnly = from !== to && hopInto(minorOf(to) ?? '2.0').swapOnly !== undefined;
  let next = 10;
  const place = () => ({ name: `m${next}`, address: `${network}.${next++}` });
  const start = (
    { name, address }: ReturnType<typeof place>,
    version: string,
    all: readonly { name: string; address: string }[],
    clusterState: 'new' | 'existing',
  ): Promise<BareEtcd> => {
    const list = all.map((one) => ({ name: one.name, peerUrl: peerUrl(one.address) }));
    const dataDir = join(folder, name);
    return startBareEtcd({ name, version, dataDir, address, members: list, clusterToken: 'old', clusterState, v2Api });
  };
  const first = Array.from({ length: members }, place);
  let running = await Promise.all(first.map((one) => start(one, from, first, 'new')));
  try {
    await Promise.all(running.map(({ spec }) => answers(spec.address, from)));
    const target = () => ({ addresses: running.map(({ spec }) => spec.address), version: clientVersion });
    const load = await startLoad({ target: target(), everyMs });
    const began = performance.now();
    let belowMs = 0;
    for (const old of [...running]) {
      await removeItself(old, running);
      const belowSince = performance.now();
      await endBareEtcd(old, 'SIGKILL');
      running = running.filter((one) => one !== old);
      void load.aim(target());
      const swapped = swapsOnly && running.some(({ spec }) => spec.version !== to);
      // Once the last of the old ones is gone the cluster version changes, and who joins with the old release is refused. While
      // one is listed that has not started it does not change.
      if (swapsOnly && !swapped) await Promise.all(running.map(({ spec }) => reports(spec, minorOf(to))));
      const successor = place();
      const through = running[0]?.spec ?? old.spec;
      await retry(() => membershipOf(through).add(peerUrl(successor.address), false));
      // One that starts before everybody lists it may exit ("member count is unequal"): what the nap after the addition was for.
      await Promise.all(running.map(({ spec }) => lists(spec, successor.address)));
      const all = [...running.map(({ spec }) => spec), successor];
      let started = await start(successor, swapped ? from : to, all, 'existing');
      running = [...running, started];
      void load.aim(target());
      await answers(successor.address, started.spec.version);
      if (swapped) {
        await endBareEtcd(started, 'SIGKILL');
        running = running.filter((one) => one !== started);
        started = await startBareEtcd({ ...started.spec, version: to });
        running = [...running, started];
        await answers(successor.address, to);
      }
      belowMs += performance.now() - belowSince;
    }
    const seconds = (performance.now() - began) / 1000;
    const result = await load.stop();
    const lost = await lostAt(running[0]?.spec.address ?? '', clientVersion, result.acknowledged);
    return { ...result, seconds, belowSeconds: belowMs / 1000, lost };
  } finally {
    await Promise.all(running.map((one) => endBareEtcd(one, 'SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many of the keys that a load had acknowledged are not there. */
export async function lostAt(address: string, clientVersion: string, acknowledged: readonly string[]): Promise<number> {
  const there = await readFolder(address, clientVersion, loadFolder);
  return acknowledged.filter((key) => there.get(key) !== key).length;
}

async function removeItself({ spec }: BareEtcd, running: readonly BareEtcd[]): Promise<void> {
  const id = await retry(async () => {
    const { members } = await clientOf(spec).members();
    return members.find(({ name }) => name === spec.name)?.id ?? '';
  });
  const other = running.find((one) => one.spec !== spec)?.spec ?? spec;
  await retry(async () => {
    // Its answer may be lost with its end.
    const { members } = await clientOf(other).members();
    if (members.some((member) => member.id === id)) await membershipOf(spec).remove(id);
  });
}

function lists(spec: Reached, address: string): Promise<void> {
  return retry(async () => {
    const { members } = await clientOf(spec).members();
    if (!members.some(({ peerUrls }) => peerUrls.includes(peerUrl(address))))
      throw new Error(`${address} is not listed`);
  });
}

function reports(spec: Reached, minor: string | null): Promise<void> {
  return retry(async () => {
    const { cluster } = await clientOf(spec).version();
    if (minorOf(cluster ?? '') !== minor) throw new Error(`${spec.address} reports the cluster version ${cluster}`);
  });
}

type Reached = Pick<BareEtcd['spec'], 'address' | 'version'>;
const clientOf = ({ address, version }: Reached) => createEtcdClient({ address, version, timeoutMs });
const membershipOf = ({ address, version }: Reached) => createEtcdMembership({ address, version, timeoutMs });

async function answers(address: string, version: string): Promise<void> {
  await retry(async () => {
    // A 3.0 among 2.3 members serves the v2 API alone.
    const { cluster: clusterVersion } = await createEtcdClient({ address, version, timeoutMs: 500 }).version();
    await createEtcdClient({ address, version, clusterVersion, timeoutMs: 500 }).linearizableRead();
  });
}

/** What etcd refuses (peers connected for less than 5 s) is tried again, as its operator would. */
async function retry<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + longestMs; ; await sleep(100)) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}
