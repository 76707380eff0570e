/**
 * A cluster through random operations, with real etcd: what clients saw is linearizable and stays, members and group agree
 * in the end, and the audit trail has every change. The order and the victims are a seed's: `SEEDS=4` runs one,
 * `SEEDS=7-40` many; what the processes make of it differs from run to run. The same in bulk, simulated: `npm run simulate`.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { auditTrail, unaudited } from './afterScenario.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';
import { describeGroup, settled } from './group.ts';
import { watchMembers } from './memberLists.ts';
import { operationsOf } from './randomOperations.ts';
import { startRegisters } from './registers.ts';

const etcd = '3.5.35';
const operations = 12;
/** What a hook that nobody completes takes does not come up: an instance without power is gone at once here. */
const peaceMs = 150_000;

jest.setTimeout(300_000);

let cluster: TestCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

describe('a real cluster', () => {
  test.each(seeds())('keeps what was promised through random operations, seed %i', async (seed) => {
    cluster = await openTestCluster({ members: 3, etcd });
    await cluster.ended(cluster.firstExecution);
    const watch = await watchMembers(cluster, etcd);
    const registers = startRegisters({ cluster, etcd, everyMs: 20 });

    const random = operationsOf(cluster, seed);
    for (let count = 0; count < operations; count++) {
      await random.next();
      await sleep(random.pauseMs());
    }
    await random.end();

    const { DesiredCapacity = 0 } = await describeGroup(cluster);
    const members = await settled(cluster, DesiredCapacity, peaceMs).catch((error: Error) => {
      throw new Error(`${error.message}; after ${random.done.join('; ')}`);
    });
    const { conflicts, counts } = await registers.stop(members);
    await watch.stop();
    const story = random.done.join('; ');
    expect({ story, crowded: watch.record.crowded }).toEqual({ story, crowded: [] });
    expect(counts.ok).toBeGreaterThan(0);
    expect({ story, conflicts }).toEqual({ story, conflicts: [] });
    const trail = await auditTrail(cluster);
    const unknown = trail.filter(({ what }) => what.startsWith('outcome unknown'));
    expect({ story, missing: unaudited(watch.record, trail).slice(unknown.length) }).toEqual({ story, missing: [] });
  });
});

/** `4` or `7-40`, both ends included. */
function seeds(): readonly number[] {
  const [first = '', last = first] = (process.env.SEEDS ?? '1-2').split('-');
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
}
