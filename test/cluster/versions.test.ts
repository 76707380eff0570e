/** Joining, leaving and crashes where etcd is another: voters only and no hand-over (2.3), voters only (3.3), newest (3.7). The last two are `TESTS=all`. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { afterScenario } from './afterScenario.ts';
import { eventually, openTestCluster, statusOf, type TestCluster } from './cluster.ts';
import { gone, settled, terminate } from './group.ts';
import { cutPower } from './instanceFaults.ts';
import { watchMembers } from './memberLists.ts';
import { lostAt, startTraffic } from './traffic.ts';

jest.setTimeout(240_000);

let cluster: TestCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

test.each(process.env.TESTS === 'all' ? ['2.3.8', '3.3.27', '3.7.3'] : ['2.3.8'])(
  'etcd %s: killed it is back under its id; an instance that loses its power or is terminated is replaced',
  async (etcd) => {
    cluster = await openTestCluster({ members: 3, etcd, tls: etcd === '3.7.3' });
    await cluster.ended(cluster.firstExecution);
    const watch = await watchMembers(cluster, etcd);
    const [killed, lost] = await settled(cluster, 3);
    const traffic = startTraffic({ cluster, etcd });

    process.kill(killed?.status?.etcd.pid ?? 0, 'SIGKILL');
    const back = await eventually('etcd is back', async () => {
      const status = await statusOf(killed?.address ?? '');
      return status?.health.verdict === 'healthy' && status.etcd.pid !== killed?.status?.etcd.pid ? status : null;
    });
    expect(back.member?.id).toBe(killed?.status?.member?.id);

    await cutPower(cluster.home, lost?.instanceId ?? '');
    const replaced = await settled(cluster, 3);
    const leader = replaced.find(({ status }) => status?.member?.isLeader)?.instanceId ?? '';
    await terminate(cluster, leader);
    await gone(cluster, leader);
    const members = await afterScenario(cluster, watch, { size: 3 });

    const result = await traffic.stop();
    expect(result.failed).toEqual([]);
    for (const { address } of members) expect(await lostAt(address, etcd, result)).toEqual([]);
  },
);
