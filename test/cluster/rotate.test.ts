/** RotateInstances as synthesized, with the built bundles, real agents and real etcd. */
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { historyOf } from '../../infra/executions/follow.ts';
import { deployCluster, prepareCluster } from '../../infra/local/start/deploy.ts';
import { startClients, underRotation } from './clients.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { createdCluster } from './created.ts';
import { describeGroup } from './group.ts';
import { entered, groupOf, lockOf, rotate, rotationOf, sampleVoters } from './rotation.ts';

jest.setTimeout(300_000);

const etcd = '3.5.35';
let cluster: TestCluster;

const created = (version: string, members = 3, tls = false) => createdCluster({ members, etcd: version, tls });

const clusterIds = async () => new Set((await cluster.members()).map(({ status }) => status?.member?.clusterId));
const leader = async () => (await cluster.members()).find(({ status }) => status?.member?.isLeader)?.instanceId ?? '';
/** Versions of the launch template, and types, that the group's instances have. */
async function madeFrom(): Promise<ReadonlySet<string>> {
  const { Instances = [] } = await describeGroup(cluster);
  return new Set(Instances.map((one) => `version ${one.LaunchTemplate?.Version}, ${one.InstanceType}`));
}

/** What a cluster looks like that nobody works on. */
const untouched = { desired: 3, suspended: [] };

describe('RotateInstances', () => {
  beforeAll(async () => {
    cluster = await created(etcd, 3, true);
  });
  afterAll(() => cluster.close());

  test('replaces all instances by those of a changed launch template, the leader last, while the cluster stays whole', async () => {
    const settings = { recordTtlSeconds: 1, instanceType: 'm6i.xlarge' };
    await deployCluster(cluster.home, await prepareCluster({ members: 3, etcd, tls: true }, settings));
    // The deployment itself replaces nobody.
    expect(await madeFrom()).toEqual(new Set(['version 1, m6i.large']));
    const before = await groupOf(cluster);
    const [clusterId] = await clusterIds();
    const led = await leader();
    const sampling = sampleVoters(cluster);
    const clients = await startClients(cluster, underRotation(etcd));
    const execution = await rotate(cluster, { reason: 'new image' });
    const end = await cluster.ended(execution);
    const { fewest, samples } = await sampling.stop();
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    await clients.wereServed();
    expect(samples).toBeGreaterThan(20);
    expect(fewest).toBeGreaterThanOrEqual(3);

    const after = await groupOf(cluster);
    expect(after).toMatchObject(untouched);
    expect(after.instances).toHaveLength(3);
    expect(await madeFrom()).toEqual(new Set(['version 2, m6i.xlarge']));
    for (const id of before.instances) expect(after.instances).not.toContain(id);
    const report = JSON.parse(end.output ?? '{}') as { replaced: { old: string; successor: string }[] };
    expect(report.replaced.map(({ old }) => old).sort()).toEqual(before.instances);
    expect(report.replaced.map(({ successor }) => successor).sort()).toEqual(after.instances);
    expect(report.replaced.at(-1)?.old).toBe(led);

    expect((await lockOf(cluster))?.holder).toBeUndefined();
    const members = (await cluster.members()).filter(({ instanceId }) => after.instances.includes(instanceId));
    expect(new Set(members.map(({ status }) => status?.member?.clusterId))).toEqual(new Set([clusterId]));
    for (const { status } of members) {
      expect(status?.member?.members).toHaveLength(3);
    }
    const events = await historyOf(cluster.states, execution);
    expect(events.length).toBeLessThanOrEqual(3 * 60);
    expect(events.filter(({ type }) => type?.endsWith('StateEntered')).length).toBeLessThanOrEqual(3 * 12 + 12);
  });

  test('on a dry run says the order and changes nothing', async () => {
    const [group, lock, rotation] = await Promise.all([groupOf(cluster), lockOf(cluster), rotationOf(cluster)]);
    const end = await cluster.ended(await rotate(cluster, { reason: 'rehearsal', dryRun: true }));
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    const plan = JSON.parse(end.output ?? '{}') as { order: { instanceId: string; leads: boolean }[]; steps: string[] };
    expect(plan.order.map(({ instanceId }) => instanceId).sort()).toEqual(group.instances);
    expect(plan.order.at(-1)).toMatchObject({ instanceId: await leader(), leads: true });
    expect(plan.steps).toHaveLength(7);
    expect(await Promise.all([groupOf(cluster), lockOf(cluster), rotationOf(cluster)])).toEqual([
      group,
      lock,
      rotation,
    ]);
  });

  test.each([
    [{}, 'reason'],
    [{ reason: 7 }, 'reason'],
    [{ reason: 'r', instances: 'some' }, 'instances'],
    [{ reason: 'r', instances: ['i-00000000000000000'] }, 'instances'],
    [{ reason: 'r', pauseBetweenSeconds: 1.5 }, 'pauseBetweenSeconds'],
    [{ reason: 'r', force: true }, 'force'],
    [['r'], 'input'],
  ])('refuses the input %j, naming %s', async (input, field) => {
    const end = await cluster.ended(await rotate(cluster, input));
    expect(end).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
    expect(end.cause).toContain(field);
    expect(end.cause).toContain('docs/runbook.md#invalid-input');
  });

  test('replaces the one instance that was named; a second start meanwhile is told who holds the lock', async () => {
    const before = await groupOf(cluster);
    const led = await leader();
    const [named = ''] = before.instances.filter((id) => id !== led);
    const first = await rotate(cluster, { reason: 'one', instances: [named] });
    await eventually('the lock is held', async () => (await lockOf(cluster))?.holder === first);
    const second = await cluster.ended(await rotate(cluster, { reason: 'two' }));
    expect(second).toMatchObject({ status: 'FAILED', error: 'PreflightFailed' });
    expect(second.cause).toContain(first);
    const end = await cluster.ended(first);
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    const after = await groupOf(cluster);
    expect(after).toMatchObject(untouched);
    expect(before.instances.filter((id) => !after.instances.includes(id))).toEqual([named]);
  });
});

/** The rest is `TESTS=all`: the whole suite has 25 minutes. */
const all = process.env.TESTS === 'all';
const otherStates: [string, string | null][] = [
  ['Take the operation lock', 'TakeLock'],
  ['Begin the rotation', 'BeginRotation'],
  ['Choose the next instance', 'ChooseInstance'],
  ['Wait until a new member has joined', null],
  ['Wait until the new member is healthy', null],
  ['Terminate the old instance', 'TerminateInstance'],
  ['Wait until the old member has left', null],
  ['Note the replacement', 'NoteReplacement'],
  ['Give the group back', 'RestoreGroup'],
  ['Release the lock', 'ReleaseLock'],
];
const otherVersions: [number, string][] = [
  [1, '3.5.35'],
  [5, '3.5.35'],
  [3, '3.3.27'],
  [3, '3.7.3'],
];

describe('RotateInstances that is stopped', () => {
  beforeAll(async () => {
    cluster = await created(etcd);
  });
  afterAll(() => cluster.close());

  test.each<[string, string | null]>([['Add an instance', 'AddInstance'], ...(all ? otherStates : [])])(
    'at "%s" ends well when it is started again, and replaces nothing twice',
    async (state, task) => {
      // Held up at the record, so that it is stopped in the middle; what it then still does comes late.
      const caller = new RegExp(`-${task}Role`);
      if (task !== null)
        cluster.home.services.disturbances.add({
          service: 'dynamodb',
          caller,
          kind: 'delay',
          delayMs: 2_000,
          times: 1,
        });
      const before = await groupOf(cluster);
      const led = await leader();
      const [named = ''] = before.instances.filter((id) => id !== led);
      const input = { reason: `stopped at ${state}`, instances: [named] };
      const stopped = await rotate(cluster, input);
      await entered(cluster, stopped, state);
      await cluster.states.send(new StopExecutionCommand({ executionArn: stopped }));
      expect(await cluster.ended(stopped)).toMatchObject({ status: 'ABORTED' });
      const end = await cluster.ended(await rotate(cluster, input));
      expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
      const after = await groupOf(cluster);
      expect(after).toMatchObject(untouched);
      expect(before.instances.filter((id) => !after.instances.includes(id))).toEqual([named]);
      expect(after.instances).toHaveLength(3);
      expect((await lockOf(cluster))?.holder).toBeUndefined();
      const report = JSON.parse(end.output ?? '{}') as { replaced: { old: string }[] };
      expect(report.replaced.map(({ old }) => old)).toEqual([named]);
    },
  );
});

describe('RotateInstances on other clusters', () => {
  afterEach(() => cluster.close());

  test.each<[number, string]>([[3, '2.3.8'], ...(all ? otherVersions : [])])(
    'replaces all of %i instances with etcd %s',
    async (size, version) => {
      cluster = await created(version, size);
      const before = await groupOf(cluster);
      const [clusterId] = await clusterIds();
      const sampling = sampleVoters(cluster);
      const clients = await startClients(cluster, underRotation(version));
      const end = await cluster.ended(await rotate(cluster, { reason: 'new image' }));
      const { fewest } = await sampling.stop();
      expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
      await clients.wereServed();
      expect(fewest).toBeGreaterThanOrEqual(size);
      const after = await groupOf(cluster);
      expect(after).toMatchObject({ ...untouched, desired: size });
      for (const id of before.instances) expect(after.instances).not.toContain(id);
      const members = (await cluster.members()).filter(({ instanceId }) => after.instances.includes(instanceId));
      expect(new Set(members.map(({ status }) => status?.member?.clusterId))).toEqual(new Set([clusterId]));
      for (const { status } of members) expect(status?.etcd.version).toBe(version);
    },
  );
});
