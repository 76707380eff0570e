/**
 * The predecessor's cluster, emulated with the same binaries: who is terminated removes itself and is killed, who joins is added as
 * a voter and started. Into 3.0 it joins with the old release and is swapped once it serves, as the predecessor did it.
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

export interface OldClusterOptions {
  /** 3 or more: the only member cannot remove itself. */
  readonly members: number;
  /** X.Y.Z that the cluster runs, and that those run who join; the same: instances are replaced, not upgraded. */
  readonly from: string;
  readonly to: string;
  /** X.Y.Z whose API clients use. */
  readonly clientVersion: string;
}

export interface OldCluster {
  running(): readonly BareEtcd[];
  terminate(member: BareEtcd): Promise<void>;
  /** Resolves once the new member serves. @throws Error where it does not within a minute */
  join(): Promise<void>;
  close(): Promise<void>;
}

const timeoutMs = 5_000;
const longestMs = 60_000;

/** @param onChange called whenever other addresses serve */
export async function startOldCluster(options: OldClusterOptions, onChange: () => void): Promise<OldCluster> {
  const { members, from, to, clientVersion } = options;
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
  let running: readonly BareEtcd[] = await Promise.all(first.map((one) => start(one, from, first, 'new')));
  const become = (now: readonly BareEtcd[]) => {
    running = now;
    onChange();
  };
  const close = async () => {
    await Promise.all(running.map((one) => endBareEtcd(one, 'SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(running.map(({ spec }) => answers(spec.address, from)));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    running: () => running,
    close,
    async terminate(member) {
      await removeItself(member, running);
      await endBareEtcd(member, 'SIGKILL');
      become(running.filter((one) => one !== member));
    },
    async join() {
      const swapped = swapsOnly && running.some(({ spec }) => spec.version !== to);
      // Once the last of the old ones is gone the cluster version changes, and who joins with the old release is refused. While
      // one is listed that has not started it does not change.
      if (swapsOnly && !swapped) await Promise.all(running.map(({ spec }) => reports(spec, minorOf(to))));
      const joiner = place();
      const through = running[0]?.spec;
      if (through === undefined) throw new Error('there is nobody to join');
      await retry(() => membershipOf(through).add(peerUrl(joiner.address), false));
      // One that starts before everybody lists it may exit ("member count is unequal"): what the nap after the addition was for.
      await Promise.all(running.map(({ spec }) => lists(spec, joiner.address)));
      const all = [...running.map(({ spec }) => spec), joiner];
      const started = await start(joiner, swapped ? from : to, all, 'existing');
      become([...running, started]);
      await answers(joiner.address, started.spec.version);
      if (!swapped) return;
      await endBareEtcd(started, 'SIGKILL');
      running = running.filter((one) => one !== started);
      running = [...running, await startBareEtcd({ ...started.spec, version: to })];
      await answers(joiner.address, to);
    },
  };
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
