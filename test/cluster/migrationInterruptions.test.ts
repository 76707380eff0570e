/**
 * MigrateToTls that is interrupted at each of its states, and ReconfigureMembers with it: started again it comes to the same end,
 * and starts no member twice for a step. All states are `TESTS=all`; otherwise some.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Transport } from '#etcd/transport.ts';
import { layoutBelow } from '../../agent/machine/layout.ts';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';
import { expectServing, migrate, startMigration } from './migration.ts';
import { lockOf } from './rotation.ts';
import { startedSince, startsOf, statesEntered } from './upgrade.ts';

jest.setTimeout(300_000);

const all = process.env.TESTS === 'all';
let cluster: TestCluster;
beforeAll(async () => {
  const settings = { tls: false, memberHealthyTimeoutSeconds: 30 };
  cluster = await openTestCluster({ members: 3, etcd: '3.5.35', settings });
  expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
});
afterAll(() => cluster?.close());
afterEach(() => cluster.home.services.disturbances.removeAll());

const states = [
  { name: 'Plan the migration', task: 'PlanMigration', shortly: false },
  { name: 'Take the operation lock', task: 'TakeLock', shortly: false },
  { name: 'Begin the migration', task: 'BeginMigration', shortly: false },
  { name: 'Choose what every member serves next', task: 'ChooseTransport', shortly: false },
  { name: 'Choose the next member', task: 'ChooseUnfit', shortly: false },
  { name: 'Reconfigure the member', task: 'SecureMember', shortly: true },
  { name: 'End the migration', task: 'FinishMigration', shortly: false },
  { name: 'Release the lock', task: 'ReleaseLock', shortly: false },
];

const served = async () => (await cluster.members())[0]?.status?.transport ?? 'plain';
/** Forth and back over the peers' change of scheme. */
const other = async (): Promise<Transport> => ((await served()) === 'both' ? 'tls' : 'both');

/** As one that has never had any. */
function forgetCertificates({ folder }: TestCluster, instanceId: string): void {
  rmSync(layoutBelow(join(folder, 'instances', instanceId)).tls, { recursive: true, force: true });
}

const starts = (to: string) => startMigration(cluster, { to });

async function entered(execution: string, name: string): Promise<void> {
  await eventually(`${name} is entered`, async () => (await statesEntered(cluster, execution)).includes(name), 90_000);
}

describe('MigrateToTls', () => {
  test.each(states.filter(({ shortly }) => all || shortly).map(({ name, task }) => [name, task]))(
    'that is stopped at "%s" is gone on with',
    async (name, task) => {
      const [to, before] = [await other(), await startsOf(cluster)];
      const caller = new RegExp(`-${task}Role`);
      // What a stopped one still does comes late, too.
      for (const service of ['dynamodb', 'ssm'] as const)
        cluster.home.services.disturbances.add({ service, caller, kind: 'delay', delayMs: 1_500, times: 1 });
      const execution = await starts(to);
      await entered(execution, name);
      await cluster.states.send(new StopExecutionCommand({ executionArn: execution }));
      expect(await cluster.ended(execution)).toMatchObject({ status: 'ABORTED' });
      const end = await migrate(cluster, { to });
      expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
      await expectServing(cluster, to);
      expect(await startedSince(cluster, before)).toEqual([1, 1, 1]);
    },
  );

  (all ? test : test.skip)(
    'goes on by itself when every agent is killed in the middle of a member’s step',
    async () => {
      const [to, before] = [await other(), await startsOf(cluster)];
      const execution = await starts(to);
      await entered(execution, 'Reconfigure the member');
      const { machine } = cluster.home.services.ec2;
      for (const { instanceId } of await cluster.members())
        process.kill(machine(instanceId)?.agentPid() ?? 0, 'SIGKILL');
      const end = await cluster.ended(execution);
      expect([end.status, end.cause]).toEqual(['SUCCEEDED', undefined]);
      await expectServing(cluster, to);
      expect(await startedSince(cluster, before)).toEqual([1, 1, 1]);
    },
  );

  test('that is stopped in the middle is turned round, or abandoned, and members that differ serve together', async () => {
    const from = await served();
    const to = await other();
    const stopped = await startMigration(cluster, { to, pauseBetweenMembersSeconds: 600 });
    await entered(stopped, 'Pause before the next member');
    await cluster.states.send(new StopExecutionCommand({ executionArn: stopped }));
    const mixed = (await cluster.members()).map(({ status }) => status?.transport);
    expect(new Set(mixed).size).toBe(2);
    const left = await migrate(cluster, { action: 'abandon' });
    expect([left.status, left.cause]).toEqual(['SUCCEEDED', undefined]);
    expect((await lockOf(cluster))?.holder).toBeUndefined();
    for (const { status } of await cluster.members()) expect(status?.health).toEqual({ verdict: 'healthy' });
    const back = await migrate(cluster, { to: from });
    expect([back.status, back.cause]).toEqual(['SUCCEEDED', undefined]);
    await expectServing(cluster, from);
  });

  test('says on a dry run what it would do, and is refused where the input is wrong', async () => {
    const [before, to] = [await startsOf(cluster), await other()];
    const dry = await migrate(cluster, { to, dryRun: true });
    expect(JSON.parse(dry.output ?? '{}')).toMatchObject({ to, transports: [to] });
    const wrong = await migrate(cluster, { to: 'https' });
    expect(wrong).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
    expect(wrong.cause).toContain('to must be one of');
    expect(await startedSince(cluster, before)).toEqual([0, 0, 0]);
  });

  test('halts before it touches a member whose instance gets no certificates, and goes on once it does', async () => {
    const back = await migrate(cluster, { to: 'plain' });
    expect([back.status, back.cause]).toEqual(['SUCCEEDED', undefined]);
    for (const { instanceId } of await cluster.members()) forgetCertificates(cluster, instanceId);
    const before = await startsOf(cluster);
    cluster.home.services.disturbances.add({ service: 'kms', operation: 'Sign', kind: 'error', statusCode: 500 });
    const end = await migrate(cluster, { to: 'both' });
    expect(end).toMatchObject({ status: 'FAILED', error: 'CertificatesNotIssued' });
    expect(end.cause).toContain('docs/runbook.md#migration-halted');
    expect(await startedSince(cluster, before)).toEqual([0, 0, 0]);
    cluster.home.services.disturbances.removeAll();
    const again = await migrate(cluster, { to: 'both' });
    expect([again.status, again.cause]).toEqual(['SUCCEEDED', undefined]);
    await expectServing(cluster, 'both');
  });
});
