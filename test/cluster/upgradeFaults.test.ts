/** RollingUpgrade that meets bad input, a broken release or a lost instance: it halts with one member at most, and is taken back or begun anew. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import { eventually, type TestCluster } from './cluster.ts';
import { cutPower } from './instanceFaults.ts';
import { lockOf } from './rotation.ts';
import { createdWith, startedSince, startsOf, startUpgrade, statesEntered, threeHealthy, upgrade } from './upgrade.ts';

jest.setTimeout(300_000);

const run = promisify(execFile);
const [older, newer] = ['3.5.31', '3.5.35'];
const broken = { 'exits at once': '3.5.33', 'never answers': '3.5.34', 'cannot read the data': '3.5.36' } as const;
let cluster: TestCluster;
let versions: readonly string[];

beforeAll(async () => {
  cluster = await createdWith(older, 3, 30, { tls: true });
  versions = [older, newer];
  await publishScript(broken['exits at once'], 'echo this release is broken\nexit 1');
  await publishScript(broken['never answers'], 'exec sleep 1000');
  await publishScript(broken['cannot read the data'], 'echo "panic: walpb: crc mismatch"\nexit 2');
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
    const [before, lock, to] = [await startsOf(cluster), await lockOf(cluster), await other()];
    const end = await upgrade(cluster, { to, dryRun: true });
    expect(end.status).toBe('SUCCEEDED');
    const plan = JSON.parse(end.output ?? '{}') as {
      hops: { kind: string; to: string }[];
      order: { leads: boolean }[];
    };
    expect(plan.hops).toMatchObject([{ kind: 'patch', to }]);
    expect(plan.order.map(({ leads }) => leads)).toEqual([false, false, true]);
    expect(await startedSince(cluster, before)).toEqual([0, 0, 0]);
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
      const before = await cluster.members();
      const runs = before[0]?.status?.etcd.version ?? '';
      const end = await upgrade(cluster, { to: version });
      expect(end).toMatchObject({ status: 'FAILED', error: 'MemberNotUpgraded' });
      expect(end.cause).toContain(`it runs ${runs} again and is healthy`);
      expect(end.cause).toContain('the lock is kept');
      expect(end.cause).toContain('docs/runbook.md#member-not-upgraded');
      if (version === broken['exits at once']) expect(end.cause).toContain('this release is broken');
      const members = await cluster.members();
      for (const { status } of members)
        expect(status).toMatchObject({ health: { verdict: 'healthy' }, etcd: { version: runs } });
      // Sound data is not set aside because a release cannot read it: every member is the one that it was.
      const ids = (all: typeof members) => all.map(({ status }) => status?.member?.id).sort();
      expect(ids(members)).toEqual(ids(before));
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
      async () => (await statesEntered(cluster, stopped)).includes('Pause before the next member'),
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
      async () => (await statesEntered(cluster, execution)).includes('Pause before the next member'),
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
    await threeHealthy(cluster, lost?.instanceId ?? '');
    const again = await upgrade(cluster, { to });
    expect([again.status, again.cause]).toEqual(['SUCCEEDED', undefined]);
    const after = await cluster.members();
    expect(after.map(({ status }) => status?.etcd.version)).toEqual([to, to, to]);
    expect(after.filter(({ instanceId }) => before.some((one) => one.instanceId === instanceId))).toHaveLength(2);
  });
});
