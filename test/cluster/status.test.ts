/** `npm run status` against a running cluster: the command as an operator types it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { AutoScalingClient, ResumeProcessesCommand, SuspendProcessesCommand } from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';
import { keepEndpoints } from './endpoints.ts';

jest.setTimeout(240_000);

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openTestCluster({ members: 3, etcd: '3.5.35', tls: true });
  keepEndpoints(cluster);
});
afterAll(() => cluster?.close());

/** The home answers from this process, so the command runs beside it. */
async function status(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const command = ['infra/status/command.ts', '--data', cluster.folder, ...args];
  const child = spawn(process.execPath, command, { cwd: join(import.meta.dirname, '../..') });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((ended) => child.once('close', ended));
  return { code, stdout, stderr };
}

test('before the cluster is created something is wrong', async () => {
  const { code, stdout } = await status();
  expect([code, stdout]).toEqual([1, expect.stringContaining('docs/runbook.md#')]);
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
});

test('a healthy cluster: 0, with all that there is to know', async () => {
  // The leader's agent makes the DNS records within seconds.
  const stdout = await eventually('all is well', async () => {
    const seen = await status();
    return seen.code === 0 ? seen.stdout : Promise.reject(new Error(seen.stdout + seen.stderr));
  });
  for (const { instanceId } of await cluster.home.instances()) expect(stdout).toContain(instanceId);
  expect(stdout.match(/3\.5\.35 {2}TLS +(leader|follower) +healthy/g)).toHaveLength(3);
  expect(stdout).toMatch(/Lock +free/);
  expect(stdout).toMatch(/DNS +in sync, 7 records/);
  expect(stdout).toMatch(/SUCCEEDED .*ClusterBootstrap/);
  expect(stdout).toContain('All is well.');
});

test('one instance’s etcd stopped: 1, and which, as JSON too', async () => {
  const [stopped] = (await cluster.members()).filter(({ status }) => status?.member?.isLeader === false);
  const pid = stopped?.status?.etcd.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    const seen = await status('--json');
    expect(seen.code).toBe(1);
    const { ok, problems } = JSON.parse(seen.stdout) as { ok: boolean; problems: { text: string; heading: string }[] };
    expect(ok).toBe(false);
    expect(problems).toContainEqual({
      heading: 'member-not-healthy',
      text: expect.stringContaining(stopped?.instanceId ?? '?'),
    });
    expect(problems).toContainEqual({ heading: 'quorum-at-risk', text: expect.stringContaining('2 of 3') });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('a process of the group suspended: 1, until it is resumed', async () => {
  const { endpoint, credentials, context } = cluster.home;
  const group = new AutoScalingClient({ endpoint, credentials, region: context.region });
  const which = { AutoScalingGroupName: cluster.outputs.GroupName ?? '', ScalingProcesses: ['AZRebalance'] };
  await group.send(new SuspendProcessesCommand(which));
  const { code, stdout } = await status();
  expect([code, stdout]).toEqual([1, expect.stringContaining('docs/runbook.md#processes-suspended')]);
  await group.send(new ResumeProcessesCommand(which));
  await eventually('all is well again', async () => (await status()).code === 0);
  group.destroy();
});
