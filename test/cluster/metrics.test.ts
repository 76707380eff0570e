/** What the agents of a running cluster say in CloudWatch. */
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type ClusterMetric, type MemberMetric, metricNamespace } from '#etcd/metrics.ts';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';

jest.setTimeout(240_000);

let cluster: TestCluster;
let cloudwatch: CloudWatchClient;
beforeAll(async () => {
  cluster = await openTestCluster({ members: 3, etcd: '3.5.35' });
  const { endpoint, credentials, context } = cluster.home;
  cloudwatch = new CloudWatchClient({ endpoint, credentials, region: context.region });
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
});
afterAll(async () => {
  cloudwatch?.destroy();
  await cluster?.close();
});

/** The newest value of the cluster's metric, or of this member's; undefined where there is none. */
async function newest(MetricName: MemberMetric | ClusterMetric, member?: string): Promise<number | undefined> {
  const Dimensions = [{ Name: 'Cluster', Value: 'etcd' }, ...(member ? [{ Name: 'Member', Value: member }] : [])];
  const Metric = { Namespace: metricNamespace, MetricName, Dimensions };
  const now = Date.now();
  const { MetricDataResults } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - 600_000),
      EndTime: new Date(now + 60_000),
      MetricDataQueries: [{ Id: 'newest', MetricStat: { Metric, Period: 60, Stat: 'Maximum' } }],
    }),
  );
  return MetricDataResults?.[0]?.Values?.[0];
}

test('each member and, by the leader’s agent, the cluster', async () => {
  const instances = await cluster.home.instances();
  for (const { instanceId } of instances) {
    await eventually(`${instanceId} healthy`, async () => (await newest('MemberHealthy', instanceId)) === 1, 150_000);
    expect(await newest('DatabaseSize', instanceId)).toBeGreaterThan(0);
    expect(await newest('DatabaseQuota', instanceId)).toBe(2 * 1024 ** 3);
  }
  await eventually('three healthy voters', async () => (await newest('HealthyVoters')) === 3, 150_000);
  expect(await newest('MembersWanted')).toBe(3);
  expect(await newest('QuorumMargin')).toBe(1);
  expect(await newest('LockHeld')).toBe(0);
  expect(await newest('HasLeader')).toBe(1);
  expect(await newest('AgentRestarts')).toBe(0);

  const [{ instanceId } = { instanceId: '' }] = instances;
  process.kill(cluster.home.services.ec2.machine(instanceId)?.agentPid() ?? 0, 'SIGKILL');
  await eventually('the restart told', async () => (await newest('AgentRestarts', instanceId)) === 1);
});
