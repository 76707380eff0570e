import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createSupervisor, type Supervisor } from '../../../agent/duties/supervise.ts';
import { createEtcdClient } from '../../../agent/machine/etcdClient.ts';
import type { EtcdCommand } from '../../../agent/machine/etcdProcess.ts';
import { endProcess, processOf, startTimeOf } from '../../../agent/machine/processes.ts';
import { supervisedChild } from '../../../agent/machine/supervisedChild.ts';
import { eventually } from '../../cluster/cluster.ts';
import { ownAddress } from '../../loopback.ts';
import { memberName, singleMember } from '../etcdServer.ts';

jest.setTimeout(60_000);
const version = '3.5.35';
const address = ownAddress(3);
let folder: string;
let command: EtcdCommand;
let events: string[];
let supervisors: Supervisor[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'supervise-'));
  command = await singleMember(version, address, folder);
  events = [];
  supervisors = [];
});
afterEach(async () => {
  for (const one of supervisors) one.leave();
  const left = processOf(join(folder, 'etcd.pid'));
  if (left !== null) await endProcess(left);
  rmSync(folder, { recursive: true, force: true });
});

function supervisor(): Supervisor {
  const etcd = supervisedChild(join(folder, 'etcd.pid'), join(folder, 'etcd.log'));
  const log = (event: string) => void events.push(event);
  const created = createSupervisor({
    etcd,
    state: folder,
    log,
    versionOf: () => version,
    beforeStart: (given) => given,
    decide: async () => 'again',
  });
  supervisors.push(created);
  return created;
}

const memberId = () =>
  eventually('a member id', async () => {
    const client = createEtcdClient({ address, version, timeoutMs: 2_000 });
    await client.writeAndRead(memberName);
    return (await client.members()).members[0]?.id;
  });

describe('etcd', () => {
  test('that was killed is started again, as the same member; the next agent finds it and starts no second one', async () => {
    const first = supervisor();
    await first.keepRunning(command);
    const pid = first.pid ?? 0;
    const id = await memberId();
    process.kill(pid, 'SIGKILL');
    await eventually('another process', async () => first.pid !== null && first.pid !== pid);
    expect(await memberId()).toBe(id);
    expect(first.supervision).toMatchObject({ starts: 2, crashes: 1, lastExit: expect.stringContaining('SIGKILL') });
    expect(first.crashLooping).toBe(false);

    const second = supervisor();
    await second.keepRunning(command);
    expect(second.pid).toBe(first.pid);
    expect(second.supervision.starts).toBe(2);

    // As when the agent was killed before it had noted the pid.
    rmSync(join(folder, 'etcd.pid'));
    const third = supervisor();
    await third.keepRunning(command);
    expect(third.pid).toBe(first.pid);
    expect(events.filter((event) => event === 'etcd started')).toHaveLength(2);
    expect(startTimeOf(pid)).toBeNull();
  });

  test('that exits at once is a crash loop, said aloud and tried again', async () => {
    const failing = supervisor();
    await failing.keepRunning({ ...command, binary: '/bin/false' });
    await eventually('a crash loop', async () => failing.crashLooping);
    expect(failing.supervision).toMatchObject({ lastExit: expect.stringContaining('exit 1') });
    expect(failing.supervision.crashes).toBeGreaterThanOrEqual(5);
    const { starts } = failing.supervision;
    await eventually('one more start', async () => failing.supervision.starts > starts);
  });

  test('that cannot be started is a crash loop too', async () => {
    const failing = supervisor();
    void failing.keepRunning({ ...command, binary: join(folder, 'absent') });
    await eventually('a crash loop', async () => failing.crashLooping);
    expect(failing.supervision.lastExit).toContain('not started');
    expect(failing.pid).toBeNull();
  });
});
