/** What goes wrong while a cluster is made, or after: it ends well, or in bounded time with a word of what to do. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AutoScalingClient, TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { startTimeOf } from '../../agent/machine/processes.ts';
import { openHome } from '../../infra/local/home.ts';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import { eventually, openTestCluster, reopen, statusOf, type TestCluster } from './cluster.ts';
import { killBusyLambdas } from './lambdas.ts';

jest.setTimeout(240_000);

const etcd = '3.5.35';
let cluster: TestCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

/** What becomes of the agent of a member that loses its data. Both are `TESTS=all`. */
const agents = ['agent killed', ...(process.env.TESTS === 'all' ? ['agent alive'] : [])];

describe('while ClusterBootstrap runs', () => {
  test('Lambdas that die in the middle of an invocation are called again', async () => {
    cluster = await openTestCluster({ members: 3, etcd });
    const killed = await killBusyLambdas(cluster.home, 3);
    expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(killed).toBe(3);
  });

  test('agents that are killed go on where they were', async () => {
    cluster = await openTestCluster({ members: 3, etcd, tls: true });
    const { home } = cluster;
    const instances = await eventually('three agents', async () => {
      const all = await home.instances();
      const pids = all.map(({ instanceId }) => home.services.ec2.machine(instanceId)?.agentPid() ?? null);
      return pids.length === 3 && !pids.includes(null) ? pids : null;
    });
    for (const pid of instances) process.kill(pid ?? 0, 'SIGKILL');
    expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('a home that is closed resumes the execution where it was', async () => {
    cluster = await openTestCluster({ members: 3, etcd });
    await eventually('the first state', async () => (cluster?.home.services.ec2.instances().length ?? 0) > 0);
    cluster = await reopen(cluster);
    expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await cluster.members()).toHaveLength(3);
  });

  test('an instance that never comes up fails the bootstrap in bounded time, by name', async () => {
    let broken = '';
    cluster = await openTestCluster({
      members: 3,
      etcd,
      settings: { memberHealthyTimeoutSeconds: 15 },
      beforeBoot({ instanceId }) {
        broken ||= instanceId;
        if (instanceId === broken) throw new Error('cloud-init: the disk is on fire');
      },
    });
    const end = await cluster.ended(cluster.firstExecution);
    expect(end).toMatchObject({ status: 'FAILED' });
    expect(['InstanceNotReachable', 'MemberNotHealthy']).toContain(end.error);
    expect(end.cause).toContain(broken);
    expect(end.cause).toContain('docs/runbook.md#');
  });
});

describe('a running cluster', () => {
  test('etcd that is killed is back under the same member id; agents that are killed leave etcd alone', async () => {
    cluster = await openTestCluster({ members: 3, etcd, tls: true });
    await cluster.ended(cluster.firstExecution);
    const [first] = await cluster.members();
    const before = first?.status;
    const address = first?.address ?? '';
    process.kill(before?.etcd.pid ?? 0, 'SIGKILL');
    const after = await eventually('etcd is back', async () => {
      const status = await statusOf(address);
      return status?.health.verdict === 'healthy' && status.etcd.pid !== before?.etcd.pid ? status : null;
    });
    expect(after.member?.id).toBe(before?.member?.id);
    expect(after.etcd.crashes).toBe(1);
    expect(after.etcd.lastExit).toContain('SIGKILL');

    const agent = cluster.home.services.ec2.machine(first?.instanceId ?? '')?.agentPid() ?? 0;
    process.kill(agent, 'SIGKILL');
    const readopted = await eventually('a new agent', async () => {
      const status = await statusOf(address);
      const pid = cluster?.home.services.ec2.machine(first?.instanceId ?? '')?.agentPid();
      return status?.health.verdict === 'healthy' && pid !== null && pid !== agent ? status : null;
    });
    expect(readopted.etcd.pid).toBe(after.etcd.pid);
  });

  test.each(agents)(
    'a member whose disk is wiped never goes on under its id: it joins anew (%s)',
    async (agentKilled) => {
      cluster = await openTestCluster({ members: 3, etcd, tls: agentKilled === 'agent killed' });
      await cluster.ended(cluster.firstExecution);
      const [wiped, other] = await cluster.members();
      const machine = cluster.home.services.ec2.machine(wiped?.instanceId ?? '');
      const before = wiped?.status?.member;
      await write(other?.address ?? '', etcd, 'still', 'here');
      rmSync(join(machine?.root ?? '/nowhere', 'var/lib/etcd'), { recursive: true });
      if (agentKilled === 'agent killed') process.kill(machine?.agentPid() ?? 0, 'SIGKILL');
      process.kill(wiped?.status?.etcd.pid ?? 0, 'SIGKILL');

      const after = await eventually(
        'it is a healthy voter again',
        async () => {
          const status = await statusOf(wiped?.address ?? '');
          return status?.health.verdict === 'healthy' && status.member?.id !== before?.id ? status : null;
        },
        60_000,
      );
      expect(after.member?.clusterId).toBe(before?.clusterId);
      expect(after.member?.members.map(({ name }) => name).sort()).toEqual(
        (await cluster.members()).map(({ instanceId }) => instanceId).sort(),
      );
      expect(await read(wiped?.address ?? '', etcd, 'still')).toBe('here');
    },
  );

  test.each(agents)('the only member whose disk is wiped never forms a new cluster (%s)', async (agentKilled) => {
    cluster = await openTestCluster({ members: 1, etcd, settings: { memberHealthyTimeoutSeconds: 10 } });
    await cluster.ended(cluster.firstExecution);
    const [wiped] = await cluster.members();
    const machine = cluster.home.services.ec2.machine(wiped?.instanceId ?? '');
    rmSync(join(machine?.root ?? '/nowhere', 'var/lib/etcd/data'), { recursive: true });
    if (agentKilled === 'agent killed') process.kill(machine?.agentPid() ?? 0, 'SIGKILL');
    process.kill(wiped?.status?.etcd.pid ?? 0, 'SIGKILL');

    const status = await eventually('the agent says so', async () => {
      const seen = await statusOf(wiped?.address ?? '');
      return seen?.phase === 'joining' && seen.reason.includes('no member answers') ? seen : null;
    });
    expect(status.etcd.pid).toBeNull();
    const again = await cluster.ended(await cluster.run({ cluster: cluster.outputs.ClusterName }));
    expect(again).toMatchObject({ status: 'FAILED', error: 'MemberNotHealthy' });
    expect(again.cause).toContain(wiped?.instanceId);
    expect(await statusOf(wiped?.address ?? '')).toMatchObject({ phase: 'joining', etcd: { pid: null } });
  });

  test('is the same cluster with the same data after the home was closed and opened again', async () => {
    cluster = await openTestCluster({ members: 3, etcd, tls: true });
    await cluster.ended(cluster.firstExecution);
    const before = await cluster.members();
    await write(before[0]?.address ?? '', etcd, 'kept', 'yes');
    const pids = before.map(({ status }) => status?.etcd.pid ?? 0);

    cluster = await reopen(cluster);
    expect(pids.map(startTimeOf)).toEqual([null, null, null]);
    const again = await cluster.ended(await cluster.run({ cluster: cluster.outputs.ClusterName }));
    expect(again).toMatchObject({ status: 'SUCCEEDED' });
    const after = await cluster.members();
    expect(after.map(({ status }) => status?.member?.id)).toEqual(before.map(({ status }) => status?.member?.id));
    expect(await read(after[2]?.address ?? '', etcd, 'kept')).toBe('yes');
  });

  test('an instance terminated through its group is really gone, and replaced by one that joins', async () => {
    cluster = await openTestCluster({ members: 3, etcd, tls: true });
    await cluster.ended(cluster.firstExecution);
    const { home } = cluster;
    const [victim] = await cluster.members();
    const root = home.services.ec2.machine(victim?.instanceId ?? '')?.root ?? '';
    const groups = new AutoScalingClient({
      endpoint: home.endpoint,
      region: home.context.region,
      credentials: home.credentials,
    });
    const InstanceId = victim?.instanceId;
    await groups.send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: false }),
    );

    await eventually('it is gone', async () =>
      (await home.instances()).every(({ instanceId }) => instanceId !== InstanceId),
    );
    expect(startTimeOf(victim?.status?.etcd.pid ?? 0)).toBeNull();
    expect(existsSync(root)).toBe(false);
    const replacement = await eventually(
      'its replacement has joined',
      async () => {
        const newest = (await cluster?.members())?.at(-1);
        return newest?.status?.health.verdict === 'healthy' && newest.instanceId !== InstanceId ? newest : null;
      },
      60_000,
    );
    expect(replacement.status?.member?.clusterId).toBe(victim?.status?.member?.clusterId);
    expect(replacement.status?.member?.members).toHaveLength(3);
    expect(await home.instances()).toHaveLength(3);
  });
});

describe('a data folder', () => {
  test('belongs to one process at a time', async () => {
    cluster = await openTestCluster({ members: 1, etcd });
    await expect(openHome({ folder: cluster.folder })).rejects.toThrow(`in process ${process.pid}`);
    expect(readdirSync(cluster.folder)).toContain('home.pid');
  });
});
