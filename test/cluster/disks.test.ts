/** Data that cannot be read, that is another's, or that a reboot brings back: kept or set aside, never mistaken. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Layout, layoutBelow } from '../../agent/machine/layout.ts';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import { afterScenario } from './afterScenario.ts';
import { eventually, openTestCluster, statusOf, type TestCluster } from './cluster.ts';
import { type Member, rebootInstance, settled } from './group.ts';
import { copyDisk, pause } from './instanceFaults.ts';
import { type MemberWatch, watchMembers } from './memberLists.ts';

jest.setTimeout(240_000);

const etcd = '3.5.35';
let cluster: TestCluster;
let watch: MemberWatch;

beforeAll(async () => {
  cluster = await openTestCluster({ members: 3, etcd });
  await cluster.ended(cluster.firstExecution);
  const [first] = await settled(cluster, 3);
  for (let index = 0; index < 50; index++) await write(first?.address ?? '', etcd, `key${index}`, 'x'.repeat(100));
  watch = await watchMembers(cluster, etcd);
});
afterAll(() => cluster?.close());

function layoutOf({ instanceId }: Member): Layout {
  return layoutBelow(cluster.home.services.ec2.machine(instanceId)?.root ?? '/nowhere');
}

/** Names of what an instance has set aside. */
function setAside(member: Member): readonly string[] {
  const { setAside: folder } = layoutOf(member);
  return existsSync(folder) ? readdirSync(folder).map((name) => name.split('-').at(-1) ?? '') : [];
}

function damageLog(member: Member): void {
  const folder = join(layoutOf(member).dataDir, 'member/wal');
  const file = join(
    folder,
    readdirSync(folder)
      .filter((name) => name.endsWith('.wal'))
      .sort()[0] ?? '',
  );
  const at = readFileSync(file).indexOf('key25') + 20;
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.alloc(16, 0xff), 0, 16, at);
  closeSync(opened);
}

const killEtcd = ({ status }: Member) => process.kill(status?.etcd.pid ?? 0, 'SIGKILL');

const rejoined = (member: Member) =>
  eventually(
    `${member.instanceId} is back under another id`,
    async () => {
      const status = await statusOf(member.address);
      return status?.health.verdict === 'healthy' && status.member?.id !== member.status?.member?.id ? status : null;
    },
    60_000,
  );

test('a reboot through EC2 keeps identity and data', async () => {
  const before = await settled(cluster, 3);
  const rebooted = before[0] as Member;
  await rebootInstance(cluster, rebooted.instanceId);
  await eventually('etcd of another process', async () => {
    const pid = (await statusOf(rebooted.address))?.etcd.pid ?? null;
    return pid !== null && pid !== rebooted.status?.etcd.pid;
  });
  const after = await settled(cluster, 3);
  const ids = (members: readonly Member[]) => members.map(({ status }) => status?.member?.id);
  expect(ids(after)).toEqual(ids(before));
  expect(await read(rebooted.address, etcd, 'key25')).toBe('x'.repeat(100));
  expect(setAside(rebooted)).toEqual([]);
});

test('a log that is damaged is kept while another member is down, and set aside when the others have a quorum', async () => {
  const before = await settled(cluster, 3);
  const [damaged, hung, other] = before as [Member, Member, Member];
  // The quorum is lost here, and not by us.
  await watch.stop();
  const fault = await pause(cluster.home, hung.instanceId);
  damageLog(damaged);
  killEtcd(damaged);
  await eventually('the agent says so', async () => (await statusOf(damaged.address))?.phase === 'crashLooping');
  expect(setAside(damaged)).toEqual([]);
  const listed = (await statusOf(other.address))?.member?.members.map(({ id }) => id);
  expect(listed?.sort()).toEqual(before.map(({ status }) => status?.member?.id).sort());

  fault.end();
  watch = await watchMembers(cluster, etcd);
  await rejoined(damaged);
  expect(setAside(damaged)).toEqual(['corrupt']);
  expect(await read(damaged.address, etcd, 'key25')).toBe('x'.repeat(100));
  await afterScenario(cluster, watch, { size: 3, rejoined: [damaged.instanceId] });
});

test('a database that is cut short is set aside; a copied disk is not used, and its source goes on', async () => {
  watch = await watchMembers(cluster, etcd);
  const [source, damaged, copy] = (await settled(cluster, 3)) as [Member, Member, Member];
  killEtcd(damaged);
  truncateSync(join(layoutOf(damaged).dataDir, 'member/snap/db'), 5_000);
  await rejoined(damaged);
  expect(setAside(damaged)).toEqual(['corrupt']);
  await settled(cluster, 3);

  await copyDisk(cluster.home, source.instanceId, copy.instanceId, 'data and state');
  await rejoined(copy);
  expect(setAside(copy)).toContain('copied');
  const after = await afterScenario(cluster, watch, { size: 3, rejoined: [damaged.instanceId, copy.instanceId] });
  expect(after[0]?.status).toMatchObject({ member: { id: source.status?.member?.id }, etcd: source.status?.etcd });
});
