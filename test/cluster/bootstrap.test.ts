/** ClusterBootstrap as synthesized, with the built bundles, real agents and real etcd. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import { openTestCluster, type TestCluster } from './cluster.ts';

jest.setTimeout(240_000);

let cluster: TestCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

const some: readonly [members: number, etcd: string][] = [
  [1, '2.3.8'],
  [3, '3.4.15'],
  [5, '3.7.3'],
];
/** Each size of each of four versions, together with those. */
const others: readonly [members: number, etcd: string][] = [
  [3, '2.3.8'],
  [5, '2.3.8'],
  [1, '3.4.15'],
  [5, '3.4.15'],
  [1, '3.5.35'],
  [3, '3.5.35'],
  [5, '3.5.35'],
  [1, '3.7.3'],
  [3, '3.7.3'],
];

describe('ClusterBootstrap', () => {
  test.each([...some, ...(process.env.TESTS === 'all' ? others : [])])(
    'brings up %i members of etcd %s, which share what is written',
    async (members, etcd) => {
      cluster = await openTestCluster({ members, etcd, tls: true });
      expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });

      const found = await cluster.members();
      expect(found).toHaveLength(members);
      for (const { status } of found) {
        expect(status).toMatchObject({
          phase: 'running',
          health: { verdict: 'healthy' },
          etcd: { version: etcd, crashes: 0 },
        });
      }
      expect(new Set(found.map(({ status }) => status?.member?.clusterId)).size).toBe(1);

      const [first, ...others] = found;
      await write(first?.address ?? '', etcd, 'color', `of ${members}`);
      for (const { address } of others) expect(await read(address, etcd, 'color')).toBe(`of ${members}`);
    },
  );

  test('started twice at once, both end well and the record is written once', async () => {
    cluster = await openTestCluster({ members: 3, etcd: '3.5.35' });
    const second = await cluster.run({ cluster: cluster.outputs.ClusterName }, 'second-start');
    const ends = await Promise.all([cluster.ended(cluster.firstExecution), cluster.ended(second)]);
    expect(ends.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const clusterIds = (await cluster.members()).map(({ status }) => status?.member?.clusterId);
    expect(new Set(clusterIds).size).toBe(1);

    const third = await cluster.run({ cluster: cluster.outputs.ClusterName }, 'third-start');
    expect(await cluster.ended(third)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test.each([
    [{}, 'cluster'],
    [{ cluster: 7 }, 'cluster'],
    [{ cluster: 'another' }, 'cluster'],
    [{ cluster: 'etcd', members: 3 }, 'members'],
    [['etcd'], 'input'],
  ])('refuses the input %j, naming %s', async (input, field) => {
    cluster ??= await openTestCluster({ members: 1, etcd: '3.5.35' });
    const end = await cluster.ended(await cluster.run(input));
    expect(end).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
    expect(end.cause).toContain(field);
    expect(end.cause).toContain('docs/runbook.md#invalid-input');
  });
});
