/** RotateInstances where something fails in the middle: the group is as it was, and the lock free unless somebody has to look. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';
import { type LastingFault, pause } from './instanceFaults.ts';
import { entered, groupOf, lockOf, rotate, rotationOf } from './rotation.ts';

jest.setTimeout(420_000);

const etcd = '3.5.35';
const suspended = ['AZRebalance', 'AlarmNotification', 'InstanceRefresh', 'ReplaceUnhealthy', 'ScheduledActions'];
let cluster: TestCluster;
let booted: number;

/** @param boots instances that boot; those after them never do */
async function created(boots: number, memberHealthyTimeoutSeconds: number): Promise<void> {
  booted = 0;
  cluster = await openTestCluster({
    members: 3,
    etcd,
    settings: { memberHealthyTimeoutSeconds },
    beforeBoot: () => {
      if (++booted > boots) throw new Error('the image does not boot');
    },
  });
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
}

afterEach(() => cluster.close());

const healthy = async () =>
  (await cluster.members()).filter(({ status }) => status?.health.verdict === 'healthy').map((one) => one.instanceId);

describe('RotateInstances', () => {
  test('whose new instance never joins puts the group back and frees the lock; the members are untouched', async () => {
    await created(3, 20);
    const before = await groupOf(cluster);
    const end = await cluster.ended(await rotate(cluster, { reason: 'broken image' }));
    expect(end).toMatchObject({ status: 'FAILED', error: 'NoNewMember' });
    expect(end.cause).toContain('lists nobody new');
    expect(end.cause).toContain('docs/runbook.md#no-new-member');
    expect(end.path).toContain('Release the lock after the failure');
    // The new instance goes, and not one that the group would have chosen.
    expect(await groupOf(cluster)).toEqual(before);
    expect((await healthy()).sort()).toEqual(before.instances);
    expect((await lockOf(cluster))?.holder).toBeUndefined();
    expect(await rotationOf(cluster)).toMatchObject({ restoredAt: expect.any(String), replaced: [] });
  });

  test('keeps the lock where a member is not well afterwards, says so, and goes on when it is mended', async () => {
    await created(99, 60);
    const before = await groupOf(cluster);
    const [named = ''] = before.instances;
    const input = { reason: 'new image', instances: [named] };
    const execution = await rotate(cluster, input);
    await entered(cluster, execution, 'Wait until a new member has joined');
    const witness = (await rotationOf(cluster))?.current?.known.find((id) => id !== named) ?? '';
    const hung: LastingFault = await pause(cluster.home, witness);
    try {
      const end = await cluster.ended(execution);
      expect(end.status).toBe('FAILED');
      expect(end.cause).toContain('the lock is kept, as the state of the cluster is not clear');
      expect(end.cause).toContain(witness);
      expect(await lockOf(cluster)).toMatchObject({ holder: execution });
      expect(await groupOf(cluster)).toMatchObject({ desired: 3, suspended: [] });
      const refused = await cluster.ended(await rotate(cluster, input));
      expect(refused).toMatchObject({ status: 'FAILED', error: 'PreflightFailed' });
      expect(refused.cause).toContain(witness);
    } finally {
      hung.end();
    }
    await eventually('all are healthy', async () => (await healthy()).length === 3);
    const again = await cluster.ended(await rotate(cluster, input));
    expect([again.status, again.cause]).toEqual(['SUCCEEDED', undefined]);
    const after = await groupOf(cluster);
    expect(after).toMatchObject({ desired: 3, suspended: [] });
    expect(before.instances.filter((id) => !after.instances.includes(id))).toEqual([named]);
    expect((await lockOf(cluster))?.holder).toBeUndefined();
  });

  test('that was stopped and given up has its processes resumed by the leader’s agent', async () => {
    await created(99, 900);
    const [named] = (await groupOf(cluster)).instances;
    const execution = await rotate(cluster, { reason: 'given up' });
    await entered(cluster, execution, 'Wait until a new member has joined');
    expect((await groupOf(cluster)).suspended).toEqual(suspended);
    await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
    await abandonLock();
    await eventually('they are resumed', async () => (await groupOf(cluster)).suspended.length === 0);
    const again = await cluster.ended(await rotate(cluster, { reason: 'another one', instances: [named] }));
    expect([again.status, again.cause]).toEqual(['SUCCEEDED', undefined]);
    expect(await groupOf(cluster)).toMatchObject({ desired: 3, suspended: [] });
  });
});

/** As the runbook says it: the attributes of the holder go, the item stays. */
async function abandonLock(): Promise<void> {
  const { cluster: name, item, token } = (await lockOf(cluster)) ?? {};
  const { endpoint, credentials, context } = cluster.home;
  const client = new DynamoDBClient({ endpoint, credentials, region: context.region });
  await client.send(
    new PutItemCommand({ TableName: cluster.outputs.TableName ?? '', Item: marshall({ cluster: name, item, token }) }),
  );
  client.destroy();
}
