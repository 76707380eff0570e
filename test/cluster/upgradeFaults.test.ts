/** RollingUpgrade that is interrupted or meets a broken release: it halts with one member at most, and is resumed or taken back. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { historyOf } from '../../infra/executions/follow.ts';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { cutPower } from './instanceFaults.ts';
import { killBusyLambdas } from './lambdas.ts';
import { lockOf } from './rotation.ts';
import { createdWith, expectUpgraded, startUpgrade, upgrade } from './upgrade.ts';

jest.setTimeout(300_000);

const run = promisify(execFile);
const [older, newer] = ['3.5.31', '3.5.35'];
const broken = { 'exits at once': '3.5.33', 'never answers': '3.5.34' } as const;
let cluster: TestCluster;
let versions: readonly string[];

beforeAll(async () => {
  cluster = await createdWith(older, 3, 30);
  versions = [older, newer];
  await publishScript(broken['exits at once'], 'echo this release is broken\nexit 1');
  await publishScript(broken['never answers'], 'exec sleep 1000');
});
afterAll(() => cluster?.close());

/** An archive whose etcd is a script: what a broken build is like. */
async function publishScript(version: string, script: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'etcd-broken-'));
  try {
    mkdirSync(join(work, 'release'));
    writeFileSync(join(work, 'release', 'etcd'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(work, 'release', 'etcd'), 0o755);
    const path = join(work, 'release.tar.gz');
    await run('tar', ['-czf', path, '-C', work, 'release']);
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
    await cluster.home.publishRelease(cluster.outputs.BucketName ?? '', version, path, sha256);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The release that the cluster does not run: each test goes there. */
async function other(): Promise<string> {
  const [first] = await cluster.members();
  return versions.find((version) => version !== first?.status?.etcd.version) ?? '';
}

const starts = async () =>
  new Map((await cluster.members()).map(({ instanceId, status }) => [instanceId, status?.etcd.starts ?? 0]));

/** How often each member's etcd has been started since then. */
async function startedSince(before: ReadonlyMap<string, number>): Promise<readonly number[]> {
  return [...(await starts())].map(([id, count]) => count - (before.get(id) ?? 0));
}

async function statesOf(executionArn: string): Promise<readonly string[]> {
  const events = await historyOf(cluster.states, executionArn);
  const nested = events.flatMap(({ taskSubmittedEventDetails }) => {
    const output = JSON.parse(taskSubmittedEventDetails?.output ?? '{}') as { ExecutionArn?: string };
    return output.ExecutionArn ?? [];
  });
  const inner = await Promise.all(nested.map(statesOf));
  return [...events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []), ...inner.flat()];
}

describe('RollingUpgrade that is stopped', () => {
  test.each([
    ['Take the operation lock', 'TakeLock'],
    ['Begin the upgrade', 'BeginUpgrade'],
    ['Choose the next hop', 'ChooseHop'],
    ['Climb one hop', null],
    ['Make the release present on every member', null],
    ['Choose the next member', 'ChooseMember'],
    ['Upgrade the member', null],
    ['Wait until every member reports the new cluster version', null],
    ['Note the hop', 'NoteHop'],
    ['End the upgrade', 'FinishUpgrade'],
    ['Release the lock', 'ReleaseLock'],
  ])('at "%s" is resumed to the same end, and starts no member twice', async (state, task) => {
    // Held up at the record, so that it is stopped in the middle; what it then still does comes late.
    const caller = new RegExp(`-${task}Role`);
    if (task !== null)
      cluster.home.services.disturbances.add({ service: 'dynamodb', caller, kind: 'delay', delayMs: 1_500, times: 1 });
    const to = await other();
    const before = await starts();
    const stopped = await startUpgrade(cluster, { to });
    await eventually(`${state} is entered`, async () => (await statesOf(stopped)).includes(state), 90_000);
    await cluster.states.send(new StopExecutionCommand({ executionArn: stopped }));
    expect(await cluster.ended(stopped)).toMatchObject({ status: 'ABORTED' });
    const halted = (await lockOf(cluster))?.holder !== undefined;
    // Before it had begun there is nothing to resume: it is started again.
    const end = await upgrade(
      cluster,
      halted && state !== 'Take the operation lock' && state !== 'Begin the upgrade' ? { action: 'resume' } : { to },
    );
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    await expectUpgraded(cluster, to, 3);
    expect(await startedSince(before)).toEqual([1, 1, 1]);
  });
});

describe('RollingUpgrade goes on by itself', () => {
  afterEach(() => cluster.home.services.disturbances.removeAll());

  test.each<[string, () => Promise<unknown>]>([
    [
      'a member’s agent is killed in its step',
      async () => {
        const { machine } = cluster.home.services.ec2;
        for (const { instanceId } of await cluster.members())
          process.kill(machine(instanceId)?.agentPid() ?? 0, 'SIGKILL');
      },
    ],
    [
      'the answer of an agent gets lost',
      async () =>
        cluster.home.services.disturbances.add({
          service: 'states',
          operation: 'SendTaskSuccess',
          kind: 'drop',
          when: 'before',
          times: 1,
        }),
    ],
    [
      'DynamoDB throttles',
      async () =>
        cluster.home.services.disturbances.add({ service: 'dynamodb', kind: 'throttle', probability: 0.2, seed: 3 }),
    ],
    [
      'Run Command fails once',
      async () =>
        cluster.home.services.disturbances.add({
          service: 'ssm',
          operation: 'SendCommand',
          kind: 'error',
          statusCode: 500,
          code: 'InternalServerError',
          times: 1,
        }),
    ],
    ['Lambdas die', async () => killBusyLambdas(cluster.home, 2)],
  ])('when %s', async (_what, disturb) => {
    const to = await other();
    const before = await starts();
    const execution = await startUpgrade(cluster, { to });
    await eventually(
      'a member is upgraded',
      async () => (await statesOf(execution)).includes('Upgrade the member'),
      90_000,
    );
    await disturb();
    const end = await cluster.ended(execution);
    expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
    cluster.home.services.disturbances.removeAll();
    await expectUpgraded(cluster, to, 3);
    expect(await startedSince(before)).toEqual([1, 1, 1]);
  });
});

describe('RollingUpgrade', () => {
  test.each([
    [{}, 'to is missing'],
    [{ to: '3.9.1' }, 'to must be a version X.Y.Z of a minor from 2.0 to 3.7'],
    [{ to: 3.6 }, 'to must be a version'],
    [{ to: newer, strategy: 'fast' }, 'strategy must be "inPlace" or "replace"'],
    [{ to: newer, pauseBetweenMembersSeconds: 0.5 }, 'pauseBetweenMembersSeconds must be a whole number'],
    [{ to: newer, force: true }, 'force is an unknown field'],
    [{ action: 'resume', to: newer }, 'to does not go with the action "resume"'],
    [['3.5.35'], 'input must be an object'],
  ])('refuses the input %j', async (input, message) => {
    const end = await upgrade(cluster, input);
    expect(end).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
    expect(end.cause).toContain(message);
  });

  test.each([{ action: 'resume' }, { action: 'rollBack' }, { action: 'abandon' }])(
    'has nothing to do with %j where none was halted',
    async (input) => {
      const end = await upgrade(cluster, input);
      expect(end).toMatchObject({ status: 'FAILED', error: 'UpgradeNotPossible' });
      expect(end.cause).toContain('there is no halted upgrade');
    },
  );

  test('says on a dry run what it would do, and changes nothing', async () => {
    const [before, lock, to] = [await starts(), await lockOf(cluster), await other()];
    const end = await upgrade(cluster, { to, dryRun: true });
    expect(end.status).toBe('SUCCEEDED');
    const plan = JSON.parse(end.output ?? '{}') as {
      hops: { kind: string; to: string }[];
      order: { leads: boolean }[];
    };
    expect(plan.hops).toMatchObject([{ kind: 'patch', to }]);
    expect(plan.order.map(({ leads }) => leads)).toEqual([false, false, true]);
    expect(await startedSince(before)).toEqual([0, 0, 0]);
    expect(await lockOf(cluster)).toEqual(lock);
  });

  test('is refused while another one runs, by name', async () => {
    const to = await other();
    const first = await startUpgrade(cluster, { to });
    await eventually('the lock is held', async () => (await lockOf(cluster))?.holder === first);
    const second = await upgrade(cluster, { to });
    expect(second).toMatchObject({ status: 'FAILED', error: 'PreflightFailed' });
    expect(second.cause).toContain(first);
    expect(await cluster.ended(first)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test.each(Object.entries(broken))(
    'halts at the first member where the release %s; the old one is put back, and it is abandoned',
    async (_what, version) => {
      const [before] = await cluster.members();
      const runs = before?.status?.etcd.version ?? '';
      const end = await upgrade(cluster, { to: version });
      expect(end).toMatchObject({ status: 'FAILED', error: 'MemberNotUpgraded' });
      expect(end.cause).toContain(`it runs ${runs} again and is healthy`);
      expect(end.cause).toContain('the lock is kept');
      expect(end.cause).toContain('docs/runbook.md#member-not-upgraded');
      if (version === broken['exits at once']) expect(end.cause).toContain('this release is broken');
      const members = await cluster.members();
      for (const { status } of members)
        expect(status).toMatchObject({ health: { verdict: 'healthy' }, etcd: { version: runs } });
      const touched = members.filter(({ instanceId }) => end.cause?.includes(instanceId));
      expect(touched).toHaveLength(1);
      await write(members[0]?.address ?? '', runs, 'after', version);
      expect(await read(members[1]?.address ?? '', runs, 'after')).toBe(version);
      expect(await lockOf(cluster)).toMatchObject({ purpose: 'RollingUpgrade' });
      const abandoned = await upgrade(cluster, { action: 'abandon' });
      expect(abandoned.status).toBe('SUCCEEDED');
      expect((await lockOf(cluster))?.holder).toBeUndefined();
    },
  );

  test('that was stopped after its first member takes it back on a rollback', async () => {
    const [before, to] = [await cluster.members(), await other()];
    const runs = before[0]?.status?.etcd.version ?? '';
    const stopped = await startUpgrade(cluster, { to, pauseBetweenMembersSeconds: 600 });
    await eventually(
      'it pauses',
      async () => (await statesOf(stopped)).includes('Pause before the next member'),
      90_000,
    );
    await cluster.states.send(new StopExecutionCommand({ executionArn: stopped }));
    const mixed = (await cluster.members()).map(({ status }) => status?.etcd.version);
    expect(mixed.filter((version) => version === to)).toHaveLength(1);
    const back = await upgrade(cluster, { action: 'rollBack' });
    expect([back.status, back.cause]).toEqual(['SUCCEEDED', undefined]);
    const after = await cluster.members();
    for (const { status } of after)
      expect(status).toMatchObject({ health: { verdict: 'healthy' }, etcd: { version: runs } });
    expect((await lockOf(cluster))?.holder).toBeUndefined();
  });

  test('halts when an instance is gone; once it is abandoned a new member joins, and all go on', async () => {
    const [before, to] = [await cluster.members(), await other()];
    const execution = await startUpgrade(cluster, { to, pauseBetweenMembersSeconds: 10 });
    await eventually(
      'it pauses',
      async () => (await statesOf(execution)).includes('Pause before the next member'),
      90_000,
    );
    const members = await cluster.members();
    const [lost] = members.filter(({ status }) => status?.etcd.version !== to && !status?.member?.isLeader);
    await cutPower(cluster.home, lost?.instanceId ?? '');
    const end = await cluster.ended(execution);
    expect(end).toMatchObject({ status: 'FAILED', error: 'MemberNotHealthy' });
    expect(end.cause).toContain('nothing more is upgraded');
    expect(await lockOf(cluster)).toMatchObject({ holder: execution });
    expect(await upgrade(cluster, { action: 'abandon' })).toMatchObject({ status: 'SUCCEEDED' });
    await eventually(
      'three healthy members',
      async () => {
        const now = (await cluster.members()).filter(({ instanceId }) => instanceId !== lost?.instanceId);
        const well = now.filter(({ status }) => status?.health.verdict === 'healthy');
        return well.length === 3 && well.every(({ status }) => status?.member?.members.length === 3);
      },
      120_000,
    );
    const again = await upgrade(cluster, { to });
    expect([again.status, again.cause]).toEqual(['SUCCEEDED', undefined]);
    const after = await cluster.members();
    expect(after.map(({ status }) => status?.etcd.version)).toEqual([to, to, to]);
    expect(after.filter(({ instanceId }) => before.some((one) => one.instanceId === instanceId))).toHaveLength(2);
  });
});
