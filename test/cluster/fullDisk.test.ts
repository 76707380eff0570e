/** Data volumes without any room left, under a member and under newcomers: said, waited for, and nobody's data is touched. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { readJson } from '../../agent/machine/files.ts';
import { layoutBelow } from '../../agent/machine/layout.ts';
import { read } from '../../infra/local/rehearse/kv.ts';
import { afterScenario } from './afterScenario.ts';
import { eventually, openTestCluster, statusOf, type TestCluster } from './cluster.ts';
import { type DataVolume, mountDataVolume, whyNoDataVolumes } from './dataVolumes.ts';
import { settled, updateGroup } from './group.ts';
import type { LastingFault } from './instanceFaults.ts';
import { type MemberWatch, watchMembers } from './memberLists.ts';
import { lostAt, startTraffic } from './traffic.ts';

jest.setTimeout(240_000);

const etcd = '3.5.35';
/** Two log files of 64 MB, which etcd makes before anything else, a small database, and a little more. */
const volumeMiB = 256;
const why = whyNoDataVolumes();
if (why !== null) process.stderr.write(`Full disks are not tried: ${why}\n`);

(why === null ? describe : describe.skip)('a full disk', () => {
  let cluster: TestCluster;
  let watch: MemberWatch;
  /** By instance id: of the first member, and of the newcomers. */
  const volumes = new Map<string, DataVolume>();
  let bootFull: LastingFault | null = null;

  beforeAll(async () => {
    let booted = 0;
    cluster = await openTestCluster({
      members: 3,
      etcd,
      async beforeBoot({ instanceId }, root) {
        const number = booted++;
        if (number === 1 || number === 2) return;
        const volume = await mountDataVolume(root, volumeMiB);
        volumes.set(instanceId, volume);
        if (number === 3) bootFull = volume.fill();
      },
    });
    await cluster.ended(cluster.firstExecution);
    await settled(cluster, 3);
    watch = await watchMembers(cluster, etcd);
  });
  afterAll(async () => {
    await Promise.all([...volumes.values()].map((volume) => volume.unmount()));
    await cluster?.close();
  });

  const layoutOf = (instanceId: string) =>
    layoutBelow(cluster.home.services.ec2.machine(instanceId)?.root ?? '/nowhere');
  const listed = async (address: string) =>
    (await statusOf(address))?.member?.members.map(({ id, name }) => `${id} ${name}`).sort();

  async function newcomer(known: ReadonlySet<string>) {
    const found = (await cluster.home.instances()).find(({ instanceId }) => !known.has(instanceId));
    return found === undefined ? null : { ...found, status: await statusOf(found.address) };
  }

  test('of a member: etcd ends, its agent says why and keeps the data; with room again it is the same member', async () => {
    const before = await settled(cluster, 3);
    const full = before.find(({ instanceId }) => volumes.has(instanceId));
    const other = before.find((member) => member !== full);
    if (full === undefined || other === undefined) throw new Error('nobody has a volume');
    const { dataDir, setAside, agentLog } = layoutOf(full.instanceId);
    const { ino } = statSync(dataDir);
    const members = await listed(other.address);
    const traffic = startTraffic({ cluster, etcd });
    const fault = volumes.get(full.instanceId)?.fill();

    const looping = await eventually(
      'its agent says that it exits again and again',
      async () => {
        const status = await statusOf(full.address);
        return status?.phase === 'crashLooping' ? status : null;
      },
      90_000,
    );
    expect(looping.reason).toMatch(/: its disk is full$/);
    expect(looping.health.verdict).not.toBe('healthy');
    expect(readFileSync(agentLog, 'utf8')).toMatch(/"event":"etcd ended".*"why":"its disk is full"/);
    expect(await listed(other.address)).toEqual(members);
    expect([existsSync(setAside), statSync(dataDir).ino]).toEqual([false, ino]);

    fault?.end();
    const after = await settled(cluster, 3);
    expect(after.map(({ status }) => status?.member?.id)).toEqual(before.map(({ status }) => status?.member?.id));
    expect([existsSync(setAside), statSync(dataDir).ino]).toEqual([false, ino]);
    const result = await traffic.stop();
    expect(result.failed).toEqual([]);
    expect(await lostAt(full.address, etcd, result)).toEqual([]);
  });

  test('of an instance that is to join: nobody adds it until it has room', async () => {
    const before = await settled(cluster, 3);
    const known = new Set(before.map(({ instanceId }) => instanceId));
    await updateGroup(cluster, { MaxSize: 5, DesiredCapacity: 4 });
    const waiting = await eventually('it waits for room', async () => {
      const found = await newcomer(known);
      return found?.status?.reason.includes('the data volume has 0 MiB left') ? found : null;
    });
    expect(waiting.status?.phase).toBe('joining');
    const history = [...watch.record.history];
    bootFull?.end();
    const after = await settled(cluster, 4);
    // Added, started and promoted: once each.
    expect(watch.record.history.length - history.length).toBeLessThanOrEqual(3);
    expect(after.at(-1)?.instanceId).toBe(waiting.instanceId);
  });

  test('of an instance that was just registered: it says so, and with room it joins by that registration', async () => {
    const known = new Set((await settled(cluster, 4)).map(({ instanceId }) => instanceId));
    const caller = new RegExp(`/(?!${[...known].join('|')})i-[0-9a-f]+$`);
    // Its first write after the registration takes long: the moment before its etcd starts can be met.
    const slow = cluster.home.services.disturbances.add({
      ...{ kind: 'delay', service: 'dynamodb', operation: 'PutItem' },
      ...{ caller, delayMs: 3_000 },
    });
    await updateGroup(cluster, { DesiredCapacity: 5 });
    const registered = await eventually('it is registered', async () => {
      const found = await newcomer(known);
      if (found === null) return null;
      const note = readJson<{ memberId: string }>(layoutOf(found.instanceId).registration);
      return note === null ? null : { ...found, memberId: note.memberId };
    });
    const fault = volumes.get(registered.instanceId)?.fill();
    slow.remove();
    await eventually('it says so', async () => {
      const status = await statusOf(registered.address);
      return status?.reason.includes('no space left on device');
    });
    fault?.end();
    const members = await afterScenario(cluster, watch, { size: 5 });
    expect(members.at(-1)?.status?.member?.id).toBe(registered.memberId);
    expect(await read(registered.address, etcd, 'traffic-1')).toBe('traffic-1');
  });
});
