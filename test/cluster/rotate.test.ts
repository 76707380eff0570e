/** RotateInstances as synthesized, with the built bundles, real agents and real etcd. */
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';
import { read, write } from './kv.ts';
import { groupOf, historyOf, lockOf, rotate, rotationOf, sampleVoters } from './rotation.ts';

jest.setTimeout(300_000);

const etcd = '3.5.35';
let cluster: TestCluster;

async function created(version: string): Promise<TestCluster> {
  const opened = await openTestCluster({ members: 3, etcd: version });
  try {
    expect(await opened.ended(opened.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

const clusterIds = async () => new Set((await cluster.members()).map(({ status }) => status?.member?.clusterId));
const leader = async () => (await cluster.members()).find(({ status }) => status?.member?.isLeader)?.instanceId ?? '';
/** What a cluster looks like that nobody works on. */
const untouched = { desired: 3, suspended: [] };

describe('RotateInstances', () => {
  beforeAll(async () => {
    cluster = await created(etcd);
  });
  afterAll(() => cluster.close());

  test('replaces all instances, the leader last, while the cluster stays whole', async () => {
    const before = await groupOf(cluster);
    const [clusterId] = await clusterIds();
    const [first] = await cluster.members();
    await write(first?.address ?? '', etcd, 'color', 'green');
    const led = await leader();
    const sampling = sampleVoters(cluster);
    const execution = await rotate(cluster, { reason: 'new image' });
    const end = await cluster.ended(execution);
    const { fewest, samples } = await sampling.stop();
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    expect(samples).toBeGreaterThan(20);
    expect(fewest).toBeGreaterThanOrEqual(3);

    const after = await groupOf(cluster);
    expect(after).toMatchObject(untouched);
    expect(after.instances).toHaveLength(3);
    for (const id of before.instances) expect(after.instances).not.toContain(id);
    const report = JSON.parse(end.output ?? '{}') as { replaced: { old: string; successor: string }[] };
    expect(report.replaced.map(({ old }) => old).sort()).toEqual(before.instances);
    expect(report.replaced.map(({ successor }) => successor).sort()).toEqual(after.instances);
    expect(report.replaced.at(-1)?.old).toBe(led);

    expect((await lockOf(cluster))?.holder).toBeUndefined();
    const members = (await cluster.members()).filter(({ instanceId }) => after.instances.includes(instanceId));
    expect(new Set(members.map(({ status }) => status?.member?.clusterId))).toEqual(new Set([clusterId]));
    for (const { address, status } of members) {
      expect(status?.member?.members).toHaveLength(3);
      expect(await read(address, etcd, 'color')).toBe('green');
    }
    const events = await historyOf(cluster, execution);
    expect(events.length).toBeLessThanOrEqual(3 * 60);
  });
});
