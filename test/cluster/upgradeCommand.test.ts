/** `npm run upgrade` against a running cluster: the command as an operator types it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { arnOf } from '../../infra/upgrade/execution.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { keepEndpoints } from './endpoints.ts';
import { createdWith, expectUpgraded } from './upgrade.ts';

jest.setTimeout(240_000);

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await createdWith('3.5.31', 3);
  keepEndpoints(cluster);
  // The leader's agent writes the records in its first round after the creation, and without them nothing is well.
  await eventually('the cluster is well', async () => (await run('status').ended).code === 0);
});
afterAll(() => cluster?.close());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The home answers from this process, so commands run beside it. */
function run(
  command: 'upgrade' | 'status',
  ...args: string[]
): { child: ChildProcessWithoutNullStreams; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [`infra/${command}/command.ts`, '--data', cluster.folder, ...args], {
    cwd: join(import.meta.dirname, '../..'),
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (text) => {
      said[stream] += text;
    });
  }
  return { child, ended: new Promise((ended) => child.once('close', (code) => ended({ code, ...said }))) };
}

const upgrade = (...args: string[]) => run('upgrade', ...args).ended;

test('a dry run says the plan and changes nothing', async () => {
  const { code, stdout } = await upgrade('--to', '3.5.35', '--dry-run');
  expect([code, stdout]).toEqual([0, expect.stringContaining('Dry run: nothing was changed')]);
  expect(stdout).toContain('Plan: cluster etcd from 3.5.31 to 3.5.35 in 1 hop');
  const { code: isWell, stdout: status } = await run('status').ended;
  expect([isWell, status]).toEqual([0, expect.stringMatching(/SUCCEEDED +\S*RollingUpgrade +dry-run-to-3\.5\.35-/)]);
});

test('whoever watches may stop watching and come back, while the upgrade goes on to its end', async () => {
  const { child, ended: stopped } = run('upgrade', '--to', '3.5.35');
  child.stdout.on('data', (text) => {
    if (String(text).includes('Hop 1 of 1')) child.kill('SIGINT');
  });
  const { code, stdout } = await stopped;
  expect([code, stdout]).toEqual([130, expect.stringContaining('Stopped watching')]);
  const [, name = ''] = /--watch (to-3\.5\.35-\S+)/.exec(stdout) ?? [];
  const back = await upgrade('--watch', name);
  expect([back.code, back.stderr]).toEqual([0, '']);
  expect(back.stdout).toMatch(/0:\d\d {2}Plan: cluster etcd/);
  expect(back.stdout).toContain('Hop 1 of 1: 3.5.31 to 3.5.35, a patch');
  expect(back.stdout.match(/i-\w+: runs 3\.5\.35, \d+ ms without etcd/g)).toHaveLength(3);
  expect(back.stdout.match(/i-\w+, which leads: upgrade, 3 of 3/g)).toHaveLength(1);
  expect(back.stdout).toContain('Upgraded: cluster etcd, 3.5.31 to 3.5.35, in ');
  expect(back.stdout.match(/i-\w+ {2}3\.5\.31 {2}-> {2}3\.5\.35/g)).toHaveLength(3);
  await expectUpgraded(cluster, '3.5.35', 3);
});

test('what etcd does not allow is refused, with the reason and where to read on', async () => {
  const { code, stdout } = await upgrade('--dry-run', '--to', '3.4.15');
  expect([code, stdout]).toEqual([1, expect.stringContaining('Refused: nothing was changed')]);
  expect(stdout).toMatch(/Error +UpgradeNotPossible/);
  expect(stdout).toMatch(/Cause +.*does not go back/);
  expect(stdout).toContain('docs/runbook.md#upgrade-not-possible');
});

test('there is nothing to resume, and no such execution to watch', async () => {
  const resumed = await upgrade('--resume', '--json');
  expect(resumed.code).toBe(1);
  expect(JSON.parse(resumed.stdout)).toMatchObject({ outcome: 'refused', failure: { lockKept: false } });
  expect(await upgrade('--watch', 'nobody')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^--watch is nobody: there is no such execution/),
  });
});

test('an upgrade that somebody stops is said to be halted, by status too, until it is resumed', async () => {
  const { child, ended } = run('upgrade', '--to', '3.5.31');
  let said = '';
  child.stdout.on('data', (text) => {
    const before = said;
    said += text;
    if (before.includes('Hop 1 of 1') || !said.includes('Hop 1 of 1')) return;
    const executionArn = arnOf(/RollingUpgrade (\S+)/.exec(said)?.[1] ?? '', cluster.outputs.RollingUpgradeArn ?? '');
    void cluster.states.send(new StopExecutionCommand({ executionArn, cause: 'a test stops it' }));
  });
  const { code, stdout } = await ended;
  expect([code, stdout]).toEqual([1, expect.stringMatching(/Halted with the lock kept, after \d+ s/)]);
  expect(stdout).toMatch(/Error +ABORTED\n +Cause +a test stops it\n/);
  expect(stdout).toContain('docs/runbook.md#upgrade-halted');
  const resume = `npm run upgrade -- --data ${cluster.folder} --resume`;
  expect(stdout).toContain(resume);
  const status = await run('status').ended;
  expect(status.code).toBe(1);
  expect(status.stdout).toMatch(/the upgrade from 3\.5\.35 to 3\.5\.31 .* in the hop 3\.5\.35 to 3\.5\.31 .*--resume/);
  expect(status.stdout).toContain('docs/runbook.md#upgrade-halted');
  const resumed = await upgrade('--resume', '--json');
  expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringMatching(/Hop 1 of 1: 3\.5\.35 to 3\.5\.31/)]);
  const report = JSON.parse(resumed.stdout) as { outcome: string; members: { after: string }[] };
  expect(report.outcome).toBe('upgraded');
  expect(report.members.map(({ after }) => after)).toEqual(['3.5.31', '3.5.31', '3.5.31']);
  await expectUpgraded(cluster, '3.5.31', 3);
});
