/** A deployment with other settings: running members take them over one by one, and databases are defragmented. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { exchangeWithEtcd } from '../../agent/machine/etcdHttp.ts';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import { deployCluster, prepareCluster } from '../../infra/local/start/deploy.ts';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';

jest.setTimeout(240_000);
const etcd = '3.5.35';
let cluster: TestCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

async function deploy(settings: Readonly<Record<string, unknown>>): Promise<void> {
  if (cluster === undefined) throw new Error('there is no cluster');
  await deployCluster(cluster.home, await prepareCluster({ members: 3, etcd }, { recordTtlSeconds: 1, ...settings }));
}

const argumentsOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');

describe('changed settings', () => {
  test('reach running members by a restart each, one at a time; data and identity stay', async () => {
    cluster = await openTestCluster({ members: 3, etcd });
    await cluster.ended(cluster.firstExecution);
    const before = await cluster.members();
    await write(before[0]?.address ?? '', etcd, 'kept', 'yes');
    // Started with the deployment's settings at once: nobody was restarted for them.
    for (const { status } of before) {
      expect(argumentsOf(status?.etcd.pid ?? 0)).toContain(`--quota-backend-bytes=${2 * 1024 ** 3}`);
      expect(status?.etcd.starts).toBe(1);
    }

    let mostDown = 0;
    const watching = setInterval(async () => {
      const down = (await cluster?.members())?.filter(({ status }) => status?.etcd.pid == null).length ?? 0;
      mostDown = Math.max(mostDown, down);
    }, 50);
    // Also with what is the default now, TLS: a cluster that runs goes over by MigrateToTls alone.
    await deploy({ quotaMiB: 4096, compactionHours: 2, tls: true });
    const after = await eventually(
      'every member runs with them',
      async () => {
        const members = (await cluster?.members()) ?? [];
        const all = members.every(({ status }) => status?.etcd.starts === 2 && status.health.verdict === 'healthy');
        return all ? members : null;
      },
      90_000,
    ).finally(() => clearInterval(watching));
    for (const { status } of after) {
      expect(argumentsOf(status?.etcd.pid ?? 0)).toEqual(
        expect.arrayContaining([`--quota-backend-bytes=${4 * 1024 ** 3}`, '--auto-compaction-retention=2h']),
      );
      expect([status?.etcd.crashes, status?.transport]).toEqual([0, 'plain']);
    }
    expect(mostDown).toBeLessThanOrEqual(1);
    expect(after.map(({ status }) => status?.member?.id)).toEqual(before.map(({ status }) => status?.member?.id));
    expect(await read(after[2]?.address ?? '', etcd, 'kept')).toBe('yes');
  });

  test('let the leader have every fragmented database defragmented, each once', async () => {
    cluster = await openTestCluster({
      members: 3,
      etcd,
      settings: { defragmentAbovePercent: 30, defragmentFromMiB: 1 },
    });
    await cluster.ended(cluster.firstExecution);
    const members = await cluster.members();
    const addresses = members.map(({ address }) => address);
    const [first = ''] = addresses;
    for (let round = 0; round < 120; round++) await write(first, etcd, 'big', `${round}`.padEnd(40_000, 'x'));
    const call = async (address: string, path: string, body: object): Promise<Record<string, string>> => {
      const post = { address, path: `/v3${path}`, method: 'POST', body: JSON.stringify(body), timeoutMs: 10_000 };
      return JSON.parse((await exchangeWithEtcd(post)).body) as Record<string, string>;
    };
    const sizeOf = async (address: string) => Number((await call(address, '/maintenance/status', {})).dbSize);
    const { header } = (await call(first, '/kv/range', { key: 'YQ==' })) as unknown as { header: { revision: string } };
    await call(first, '/kv/compaction', { revision: header.revision, physical: true });
    const before = await Promise.all(addresses.map(sizeOf));
    for (const size of before) expect(size).toBeGreaterThan(4_000_000);
    await eventually(
      'all three are smaller',
      async () => (await Promise.all(addresses.map(sizeOf))).every((size, index) => size < (before[index] ?? 0) / 2),
      60_000,
    );
    // The line is written when the member has answered, which is after its file has shrunk.
    const done = await eventually('all three are reported', async () => {
      const logs = members.map(({ instanceId }) =>
        readFileSync(`${cluster?.home.services.ec2.machine(instanceId)?.root}/var/log/etcd-agent/agent.log`, 'utf8'),
      );
      const lines = [...logs.join('\n').matchAll(/"event":"defragmented","member":"(i-[0-9a-f]+)"/g)];
      return lines.length >= members.length ? lines.map(([, member]) => member) : null;
    });
    expect(done.sort()).toEqual(members.map(({ instanceId }) => instanceId).sort());
    expect(await read(addresses[1] ?? '', etcd, 'big')).toContain('119');
  });

  test('of the size grow and shrink the cluster, one member at a time', async () => {
    cluster = await openTestCluster({ members: 3, etcd });
    await cluster.ended(cluster.firstExecution);
    const [first] = await cluster.members();
    const clusterId = first?.status?.member?.clusterId;
    await write(first?.address ?? '', etcd, 'kept', 'yes');
    const sized = (size: number) =>
      eventually(
        `${size} members`,
        async () => {
          const members = (await cluster?.members()) ?? [];
          const all = members.every(
            ({ status }) => status?.health.verdict === 'healthy' && status.member?.members.length === size,
          );
          return members.length === size && all ? members : null;
        },
        90_000,
      );
    for (const size of [5, 3]) {
      await deployCluster(cluster.home, await prepareCluster({ members: size, etcd }, { recordTtlSeconds: 1 }));
      for (const { status } of await sized(size)) expect(status?.member?.clusterId).toBe(clusterId);
    }
    const [left] = await cluster.members();
    expect(await read(left?.address ?? '', etcd, 'kept')).toBe('yes');
  });
});
