/** A cluster in two regions: how long a write takes from each of them, and what moving into the second one costs clients. */
import { write } from '../../infra/local/rehearse/kv.ts';
import { startLoad } from '../../infra/local/rehearse/load.ts';
import { lostAt } from '../../infra/local/rehearse/oldProcedure.ts';
import { openTestCluster, type TestCluster } from '../cluster/cluster.ts';
import { followDns } from '../cluster/dns.ts';
import { eventuallyLedFromHome, membersByRegion, spread, startRegionChange } from '../cluster/regionMembers.ts';
import { median } from './median.ts';

const writes = 40;
const everyMs = 10;

/** From a client beside each kind of member, with the physical floor: one round trip at the leader, two through a follower elsewhere. */
export async function reportLatency(etcd: string, roundTripsMs: readonly number[]): Promise<void> {
  process.stdout.write(
    '\n| round trip (ms) | at the leader (ms) | at a follower at home (ms) | at a member of the second region (ms) |\n|---|---|---|---|\n',
  );
  for (const roundTripMs of roundTripsMs) {
    const cluster = await openTestCluster({ members: [3, 2], etcd, tls: true, roundTripMs });
    try {
      await cluster.ended(cluster.firstExecution);
      await eventuallyLedFromHome(cluster);
      const [home = [], away = []] = await membersByRegion(cluster);
      const leader = home.find(({ member }) => member?.isLeader);
      const follower = home.find(({ member }) => !member?.isLeader);
      const times = [];
      for (const one of [leader, follower, away[0]]) times.push(await writesAt(one?.address ?? '', etcd));
      process.stdout.write(`| ${roundTripMs} | ${times.map((ms) => ms.toFixed(1)).join(' | ')} |\n`);
    } finally {
      await cluster.close();
    }
  }
}

/** Median of one write after the other, by a client in the member's own region. */
async function writesAt(address: string, etcd: string): Promise<number> {
  const times = [];
  for (let count = 0; count < writes; count++) {
    const began = performance.now();
    await write(address, etcd, `latency-${count}`, 'x');
    times.push(performance.now() - began);
  }
  return median(times);
}

/** Five members, one of which moves to the second region. */
export async function reportRegionChange(
  rounds: number,
  versions: readonly string[],
  roundTripMs: number,
): Promise<void> {
  process.stdout.write(
    '\n| etcd | round trip (ms) | failed / offered | longest gap (ms) | lost | seconds |\n|---|---|---|---|---|---|\n',
  );
  for (const etcd of versions)
    for (let round = 0; round < rounds; round++) {
      const cluster = await openTestCluster({ members: [5, 0], etcd, tls: true, roundTripMs });
      try {
        await cluster.ended(cluster.firstExecution);
        process.stdout.write(`| ${etcd} | ${roundTripMs} | ${await changeUnderLoad(cluster, etcd)} |\n`);
      } finally {
        await cluster.close();
      }
    }
}

async function changeUnderLoad(cluster: TestCluster, etcd: string): Promise<string> {
  const { identity } = cluster;
  const of = (addresses: readonly string[]) => ({ addresses, version: etcd, ...(identity && { identity }) });
  const aim = async (addresses: readonly string[]) => (await starting).aim(of(addresses));
  const followed = await followDns(cluster, (addresses) => void aim(addresses));
  const starting = startLoad({ target: of(followed.addresses()), everyMs });
  const load = await starting;
  const began = performance.now();
  const end = await cluster.ended(await startRegionChange(cluster, spread(4, 1)));
  const seconds = (performance.now() - began) / 1000;
  if (end.status !== 'SUCCEEDED') throw new Error(`MultiregionMigration ${end.status}: ${end.error}: ${end.cause}`);
  const { failed, offered, longestGapMs, acknowledged } = await load.stop();
  followed.stop();
  const [first] = await cluster.home.instances();
  const lost = await lostAt(first?.address ?? '', etcd, acknowledged);
  return `${failed} / ${offered} | ${longestGapMs.toFixed(0)} | ${lost} | ${seconds.toFixed(1)}`;
}
