/** A cluster in two regions: how long a write takes from each of them, and what moving into the second one costs clients. */
import { write } from '../../infra/local/rehearse/kv.ts';
import { moveTheOldWay, oldMoveInstances, oldWaitsSeconds } from '../../infra/local/rehearse/oldProcedure.ts';
import { openTestCluster } from '../cluster/cluster.ts';
import { eventuallyLedFromHome, membersByRegion, spread, startRegionChange } from '../cluster/regionMembers.ts';
import { median } from './median.ts';
import { operateUnderLoad, printHeader, printResult, resultColumns } from './operation.ts';

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

/** Five members, one of which moves to the second region: by MultiregionMigration, and as the predecessor's operator did it. */
export async function reportRegionChange(
  rounds: number,
  versions: readonly string[],
  roundTripMs: number,
): Promise<void> {
  printHeader(['etcd', 'round trip (ms)', 'procedure', ...resultColumns]);
  const members = 5;
  const waits = oldMoveInstances(members) * oldWaitsSeconds;
  for (const etcd of versions)
    for (let round = 0; round < rounds; round++) {
      const old = await moveTheOldWay({ from: etcd, to: etcd, clientVersion: etcd, members, everyMs });
      printResult([etcd, 0, `old, waits left out (+ ${waits} s)`], old);
      const ours = await operateUnderLoad({ members: [members, 0], etcd, roundTripMs }, everyMs, (cluster) =>
        startRegionChange(cluster, spread(members - 1, 1)),
      );
      printResult([etcd, roundTripMs, 'MultiregionMigration'], ours);
    }
}
