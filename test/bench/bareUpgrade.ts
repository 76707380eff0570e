/**
 * The steps of RollingUpgrade in place as a bare script, with nothing in between: followers first, the leader last, its
 * leadership moved from 3.3 on, to a member that has been connected for 5 s, SIGTERM, the other binary, wait until it serves; in the end wait for the cluster version.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compareVersions, minorOf } from '#etcd/versions.ts';
import { createEtcdClient } from '../../agent/machine/etcdClient.ts';
import { createEtcdMembership } from '../../agent/machine/etcdMembership.ts';
import { resolveEtcd } from '../../infra/local/binaries/resolve.ts';
import { type BareEtcd, endBareEtcd, startBareEtcd } from '../../infra/local/rehearse/bareEtcd.ts';
import { clientVersionAt } from '../../infra/local/rehearse/clients.ts';
import { startLoad } from '../../infra/local/rehearse/load.ts';
import { lostAt, type ProcedureResult } from '../../infra/local/rehearse/oldProcedure.ts';
import { answers, startBareCluster } from './bare.ts';

export interface BareUpgrade extends ProcedureResult {
  /** Of each member, from the decision to the first answer. */
  readonly stepSeconds: readonly number[];
}

const timeoutMs = 5_000;
/** etcd's MoveLeader call (CHANGELOG-3.3). */
const movesLeaderFrom = '3.3.0';
/** What etcd itself asks of peers before changes of the membership (etcdserver: HealthInterval). */
const settledMs = 5_000;

export async function upgradeBare(members: number, from: string, to: string, everyMs: number): Promise<BareUpgrade> {
  await Promise.all([resolveEtcd(from), resolveEtcd(to)]);
  const version = clientVersionAt(from);
  const folder = mkdtempSync(join(tmpdir(), 'etcd-bare-upgrade-'));
  const running = [...(await startBareCluster(members, from, folder))];
  try {
    await Promise.all(running.map(({ spec }) => answers(spec.address, version, spec.name)));
    // As old as the clusters that it is compared with: etcd's own 5 s of settling are over.
    await sleep(6_000);
    const target = { addresses: running.map(({ spec }) => spec.address), version };
    const load = await startLoad({ target, everyMs });
    await sleep(2_000);
    const began = performance.now();
    const stepSeconds: number[] = [];
    const servesSince = new Map<string, number>();
    let downMs = 0;
    for (let left = running.length; left > 0; left--) {
      const stepBegan = performance.now();
      const next = await nextOf(running, from);
      await handOver(next, running, from, servesSince);
      const stopped = performance.now();
      await endBareEtcd(next, 'SIGTERM');
      const swapped = await startBareEtcd({ ...next.spec, version: to, clusterState: 'existing' });
      running[running.indexOf(next)] = swapped;
      await answers(swapped.spec.address, version, swapped.spec.name);
      servesSince.set(swapped.spec.name, performance.now());
      downMs += performance.now() - stopped;
      stepSeconds.push((performance.now() - stepBegan) / 1000);
    }
    await Promise.all(running.map(({ spec }) => reports(spec, `${minorOf(to)}.0`)));
    const seconds = (performance.now() - began) / 1000;
    await sleep(2_000);
    const result = await load.stop();
    const lost = await lostAt(running[0]?.spec.address ?? '', version, result.acknowledged);
    return { ...result, seconds, belowSeconds: downMs / 1000, lost, stepSeconds };
  } finally {
    await Promise.all(running.map((one) => endBareEtcd(one, 'SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  }
}

type Reached = Pick<BareEtcd['spec'], 'address' | 'version' | 'name'>;

const clientOf = ({ address, version }: Reached) => createEtcdClient({ address, version, timeoutMs });

async function idOf(spec: Reached): Promise<string> {
  const { members } = await clientOf(spec).members();
  return members.find(({ name }) => name === spec.name)?.id ?? '';
}

/** A follower that still runs the old release, or else the leader. */
async function nextOf(running: readonly BareEtcd[], from: string): Promise<BareEtcd> {
  const open = running.filter(({ spec }) => spec.version === from);
  for (const one of open) if (!(await leads(one.spec))) return one;
  const [last] = open;
  if (last === undefined) throw new Error('every member is upgraded');
  return last;
}

/** The other release answers other calls than v3's while the cluster is mixed: a member of the old one is asked. */
async function leads(spec: Reached): Promise<boolean> {
  return (await clientOf(spec).standing()).leaderId === (await idOf(spec));
}

/** To the one that was swapped first, as soon as its peers have been connected to it for long enough. */
async function handOver(
  next: BareEtcd,
  running: readonly BareEtcd[],
  from: string,
  servesSince: ReadonlyMap<string, number>,
): Promise<void> {
  if (compareVersions(from, movesLeaderFrom) < 0 || running.length === 1 || !(await leads(next.spec))) return;
  const others = running.filter((one) => one !== next);
  const sinceOf = ({ spec }: BareEtcd) => servesSince.get(spec.name) ?? 0;
  const [heir = next] = others.sort((a, b) => sinceOf(a) - sinceOf(b));
  await sleep(Math.max(0, settledMs - (performance.now() - sinceOf(heir))));
  await createEtcdMembership({ ...next.spec, timeoutMs }).moveLeader(await idOf({ ...heir.spec, version: from }));
}

async function reports(spec: Reached, clusterVersion: string): Promise<void> {
  for (const deadline = performance.now() + 60_000; ; await sleep(50)) {
    const said =
      (
        await clientOf(spec)
          .version()
          .catch(() => null)
      )?.cluster ?? null;
    if (said === clusterVersion) return;
    if (performance.now() > deadline) throw new Error(`${spec.name} reports ${said}, not ${clusterVersion}`);
  }
}
