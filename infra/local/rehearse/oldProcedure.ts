/**
 * The predecessor's ways, emulated under the same load: an operator terminates one instance after the other, and a successor joins. Its
 * naps (30 s after the removal, 30 s after the addition) and the operator's five minutes between two instances are not waited for:
 * whoever reports the figures adds them, and says so.
 */
import { readFolder } from './kv.ts';
import { type LoadResult, loadFolder, startLoad } from './load.ts';
import { type OldCluster, type OldClusterOptions, startOldCluster } from './oldCluster.ts';

export interface ProcedureResult extends LoadResult {
  readonly seconds: number;
  /** In which fewer members served than the cluster is to have. */
  readonly belowSeconds: number;
  /** Acknowledged writes that are not there afterwards. */
  readonly lost: number;
}

export interface OldProcedure extends OldClusterOptions {
  readonly everyMs: number;
}

/** What the predecessor's operator and agents waited for each instance, and the emulation does not: 5 minutes and two naps of 30 s. */
export const oldWaitsSeconds = 360;

/** Every instance is replaced once. @throws Error where a successor does not come to serve within a minute */
export function replaceTheOldWay(options: OldProcedure): Promise<ProcedureResult> {
  return underLoad(options, replaceAll);
}

/** How many instances an operator waits for, of so many members: all of them twice, one that goes, one that comes. */
export const oldMoveInstances = (members: number) => 2 * members + 2;

/**
 * One of the members moves to a second region (README of zalando-incubator/stups-etcd-cluster, "Migration to multiregion"): all
 * instances are replaced for the set-up of several regions, and again for the second one, one at home goes, and one comes up there. No
 * distance is between the members here, which is in the procedure's favour.
 */
export function moveTheOldWay(options: OldProcedure): Promise<ProcedureResult> {
  return underLoad(options, async (cluster) => {
    const rotated = (await replaceAll(cluster)) + (await replaceAll(cluster));
    const began = performance.now();
    const [one] = cluster.running();
    if (one !== undefined) await cluster.terminate(one);
    await cluster.join();
    return rotated + performance.now() - began;
  });
}

/** Milliseconds with a member missing. */
async function replaceAll(cluster: OldCluster): Promise<number> {
  let belowMs = 0;
  for (const old of cluster.running()) {
    const began = performance.now();
    await cluster.terminate(old);
    await cluster.join();
    belowMs += performance.now() - began;
  }
  return belowMs;
}

/** @param work gives the milliseconds with a member missing */
async function underLoad(
  options: OldProcedure,
  work: (cluster: OldCluster) => Promise<number>,
): Promise<ProcedureResult> {
  const { clientVersion, everyMs } = options;
  const target = () => ({ addresses: cluster.running().map(({ spec }) => spec.address), version: clientVersion });
  let load: Awaited<ReturnType<typeof startLoad>> | undefined;
  const cluster = await startOldCluster(options, () => void load?.aim(target()));
  try {
    load = await startLoad({ target: target(), everyMs });
    const began = performance.now();
    const belowMs = await work(cluster);
    const seconds = (performance.now() - began) / 1000;
    const result = await load.stop();
    const [first] = cluster.running();
    const lost = await lostAt(first?.spec.address ?? '', clientVersion, result.acknowledged);
    return { ...result, seconds, belowSeconds: belowMs / 1000, lost };
  } finally {
    await cluster.close();
  }
}

/** How many of the keys that a load had acknowledged are not there. */
export async function lostAt(address: string, clientVersion: string, acknowledged: readonly string[]): Promise<number> {
  const there = await readFolder(address, clientVersion, loadFolder);
  return acknowledged.filter((key) => there.get(key) !== key).length;
}
