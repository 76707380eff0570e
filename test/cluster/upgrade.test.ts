/** RollingUpgrade as synthesized, with the built bundles, real agents and real etcd of every minor, under load. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { write } from '../../infra/local/rehearse/kv.ts';
import { startClients, underUpgrade } from './clients.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { createdWith, expectUpgraded, runs, sampleRunning, startUpgrade, upgrade } from './upgrade.ts';

jest.setTimeout(600_000);

let cluster: TestCluster;
afterEach(() => cluster?.close());

const ladder = [
  '2.2.5',
  '2.3.8',
  '3.0.17',
  '3.1.20',
  '3.2.32',
  '3.3.27',
  '3.4.15',
  '3.5.35',
  '3.6.16',
  '3.7.3',
] as const;

test('one execution takes three members from 2.0.0 to 3.7.3 through every minor, while clients read and write', async () => {
  cluster = await createdWith('2.0.0', 3);
  const everywhere = async (minor: string) => (await runs(cluster)).every((one) => one.endsWith(` ${minor}.0`));
  const servers = sampleRunning(cluster);
  const early = await startClients(cluster, underUpgrade('2.0.0'));
  const execution = await startUpgrade(cluster, { to: '3.7.3', v2Keys: 'delete' });
  const ended = cluster.ended(execution);
  ended.catch(() => undefined);
  // The v2 API serves on in 3.4, as there are keys in it, until they are deleted on the way to 3.6.
  await eventually('every member is in 3.4', () => everywhere('3.4'), 400_000);
  await early.wereServed();
  const late = await startClients(cluster, underUpgrade('3.4.15'));
  const end = await ended;
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  await late.wereServed();
  const { fewest, samples } = await servers.stop();
  expect(samples).toBeGreaterThan(50);
  expect(fewest).toBeGreaterThanOrEqual(2);
  await expectUpgraded(cluster, '3.7.3', 3);
  const report = JSON.parse(end.output ?? '{}') as { hops: { to: string }[] };
  expect(report.hops.map(({ to }) => to)).toEqual([
    '2.0.5',
    '2.1.1',
    ...ladder.slice(0, 8),
    // Restarted without the v2 API.
    '3.5.35',
    ...ladder.slice(8),
  ]);
});

type Row = readonly [size: number, from: string, to: string, strategy: 'inPlace' | 'replace'];
/** Left out unless `TESTS=all`: the ladder and the gates have those hops too, and the whole suite has 25 minutes. */
const more: readonly Row[] = [
  [5, '2.3.8', '3.0.17', 'inPlace'],
  [5, '3.5.35', '3.6.16', 'inPlace'],
  [3, '3.5.35', '3.6.16', 'replace'],
  ...['2.1.1', ...ladder].map((to, index): Row => [3, ['2.0.5', '2.1.1', ...ladder][index] ?? '', to, 'inPlace']),
];
const rows: readonly Row[] = [[3, '2.3.8', '3.0.17', 'replace'], ...(process.env.TESTS === 'all' ? more : [])];

test.each(rows)('%i members go from %s to %s (%s) while clients read and write', async (size, from, to, strategy) => {
  cluster = await createdWith(from, size);
  const before = await cluster.home.instances();
  // Beyond the 10,000 entries of a snapshot and the 5,000 that are kept for followers: the log is compacted.
  if (from === '2.3.8') await fill(before[0]?.address ?? '', 16_000);
  const servers = sampleRunning(cluster);
  const clients = await startClients(cluster, underUpgrade(from));
  const end = await upgrade(cluster, { to, strategy });
  expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
  await clients.wereServed();
  const { fewest, samples } = await servers.stop();
  expect(samples).toBeGreaterThan(50);
  expect(fewest).toBeGreaterThanOrEqual(size - 1);
  await expectUpgraded(cluster, to, size);
  const kept = (await cluster.home.instances()).filter(({ instanceId }) =>
    before.some((one) => one.instanceId === instanceId),
  );
  expect(kept).toHaveLength(strategy === 'replace' ? 0 : size);
});

/** Writes so many keys of the v2 API, many at a time. */
async function fill(address: string, count: number): Promise<void> {
  let next = 0;
  const writer = async () => {
    while (next < count) {
      next++;
      await write(address, '2.3.8', `fill-${next % 100}`, String(next));
    }
  };
  await Promise.all(Array.from({ length: 32 }, writer));
}
