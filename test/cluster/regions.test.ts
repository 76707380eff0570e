/** A cluster in two regions with a round trip between them, with real etcd, as it is deployed. Ten times is `TESTS=all`. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { setRoundTrip } from '../../infra/local/start/deploy.ts';
import { eventually, openTestCluster, type TestCluster, testRegions } from './cluster.ts';
import { timingOf } from './rotation.ts';

jest.setTimeout(300_000);

const all = process.env.TESTS === 'all';
let cluster: TestCluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

const [home, away] = testRegions;

describe('a bootstrap in two regions', () => {
  test.each<[readonly [number, number], number]>([
    [[3, 2], 25],
    // All regions start at once, each time.
    ...(all
      ? Array.from({ length: 9 }, (_, index): [readonly [number, number], number] => [
          index % 2 === 0 ? [4, 1] : [3, 2],
          80,
        ])
      : []),
  ])('with %j members and a round trip of %i ms makes one cluster, led from home', async (members, roundTripMs) => {
    cluster = await openTestCluster({ members, etcd: '3.5.35', roundTripMs });
    const end = await cluster.ended(cluster.firstExecution);
    expect(end).toMatchObject({ status: 'SUCCEEDED' });
    const all = await cluster.members();
    const zones = all.map(({ status }) => status?.zone.slice(0, -1));
    expect([home, away].map((region) => zones.filter((zone) => zone === region).length)).toEqual(members);
    const leaders = await eventually(
      'one leader, at home',
      async () => {
        const seen = (await cluster?.members()) ?? [];
        const ids = new Set(seen.map(({ status }) => status?.member?.clusterId));
        const leading = seen.filter(({ status }) => status?.member?.isLeader);
        return ids.size === 1 && leading.length === 1 && leading[0]?.status?.zone.startsWith(home) ? leading : null;
      },
      120_000,
    );
    expect(leaders).toHaveLength(1);
  });

  test('that is started again looks at what there is, and restarts nobody for another distance', async () => {
    cluster = await openTestCluster({ members: [2, 1], etcd: '3.5.35', roundTripMs: 10 });
    expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
    await setRoundTrip(cluster.home, 200);
    const again = await cluster.ended(await cluster.run({ cluster: 'etcd' }));
    expect(again).toMatchObject({ status: 'SUCCEEDED' });
    expect(again.path).toContain('Record the timing');
    expect(await timingOf(cluster)).toMatchObject({ heartbeatIntervalMs: 100, writtenBy: cluster.firstExecution });
    for (const { status } of await cluster.members()) expect(status?.etcd.starts).toBe(1);
  });
});
