/**
 * Real etcd behind the links between regions: what a delay and a cut do to it, and a home whose instances are behind them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { etcdArguments } from '#etcd/arguments.ts';
import { listeningAt } from '#etcd/listening.ts';
import { createEtcdClient } from '../../agent/machine/etcdClient.ts';
import { createEtcdMembership } from '../../agent/machine/etcdMembership.ts';
import { resolveEtcd } from '../../infra/local/binaries/resolve.ts';
import { hiddenAddress } from '../../infra/local/links/world.ts';
import { read, write } from '../../infra/local/rehearse/kv.ts';
import { instanceIn, openPlace, type Place, regions } from '../infra/local/links/place.ts';
import { connects } from '../loopback.ts';
import { eventually, openTestCluster, type TestCluster } from './cluster.ts';

jest.setTimeout(240_000);

const version = '3.5.35';
const [home, away] = regions;

describe('three members, one of them in the other region', () => {
  const folder = mkdtempSync(join(tmpdir(), 'links-'));
  const members = ([0, 0, 1] as const).map((region, i) => instanceIn(region, 40 + i, join(folder, String(i))));
  const [first, second, third] = members.map(({ address }) => address) as [string, string, string];
  const processes: ChildProcess[] = [];
  let place: Place;

  beforeAll(async () => {
    place = openPlace();
    const binary = await resolveEtcd(version);
    for (const member of members) {
      await place.links.open(member);
      const { instanceId: name, address, root } = member;
      mkdirSync(root, { recursive: true });
      const args = etcdArguments({
        name,
        version,
        dataDir: `${root}/data`,
        address,
        members: members.map((one) => ({ name: one.instanceId, peerUrl: `http://${one.address}:2380` })),
        clusterToken: 'links',
        clusterState: 'new',
      });
      processes.push(spawn(binary, listeningAt(args, hiddenAddress(address)), { stdio: 'ignore' }));
    }
    await eventually('a leader', () => leaderAt(third));
  });

  afterEach(() => place.links.reset());

  afterAll(async () => {
    for (const child of processes) child.kill('SIGKILL');
    await place.links.stop();
    rmSync(folder, { recursive: true });
  });

  const leaderAt = async (address: string) =>
    (await createEtcdClient({ address, version, timeoutMs: 1_000 }).standing()).leaderId;

  /** Makes the first member the leader. */
  async function leadHere(): Promise<void> {
    const { members: listed } = await createEtcdClient({ address: first, version, timeoutMs: 5_000 }).members();
    const wanted = listed.find(({ name }) => name === members[0]?.instanceId)?.id ?? '';
    await eventually('the leader at home', async () => {
      const leader = await leaderAt(first);
      if (leader === wanted) return true;
      const led = members[listed.findIndex(({ id }) => id === leader)] ?? members[0];
      for (const { address } of [led, ...members].filter((one) => one !== undefined))
        await createEtcdMembership({ address, version, timeoutMs: 2_000 })
          .moveLeader(wanted)
          .catch(() => undefined);
      return false;
    });
  }

  const between = async (change: { delayMs?: number; cut?: boolean }) => {
    await place.links.set({ from: home, to: away, ...change });
    await place.links.set({ from: away, to: home, ...change });
  };

  test('write there and back again where the leader is across the link, and near where it is not', async () => {
    await leadHere();
    await between({ delayMs: 100 });
    const took = async (address: string) => {
      const began = performance.now();
      await write(address, version, 'color', address);
      return performance.now() - began;
    };
    for (let i = 0; i < 3; i++) expect(await took(third)).toBeGreaterThanOrEqual(200);
    const near = await Promise.all([took(first), took(second), took(first)]);
    expect(Math.min(...near)).toBeLessThan(200);
  });

  test('are two that serve and one without a leader while the link is cut, and three after that', async () => {
    await leadHere();
    await between({ cut: true });
    await eventually('the cut-off member without a leader', async () => (await leaderAt(third)) === null);
    await write(first, version, 'size', 'large');
    await expect(write(third, version, 'size', 'small', 1_000)).rejects.toThrow();
    await between({ cut: false });
    await eventually('the leader again', () => leaderAt(third));
    expect(await read(third, version, 'size')).toBe('large');
  });

  test('do not take part where one way alone is cut, and come back', async () => {
    await leadHere();
    await place.links.set({ from: home, to: members[2]?.instanceId ?? '', cut: true });
    await eventually('the member that hears nothing without a leader', async () => (await leaderAt(third)) === null);
    await write(second, version, 'way', 'one');
    await place.links.reset();
    await eventually('the leader again', () => leaderAt(third));
    expect(await read(third, version, 'way')).toBe('one');
  });
});

describe('a home whose instances are behind links', () => {
  let cluster: TestCluster | undefined;
  afterEach(() => cluster?.close());

  test('bootstraps with TLS, cuts one off and has it back', async () => {
    cluster = await openTestCluster({ members: 3, etcd: version, tls: true, links: true });
    expect(await cluster.ended(cluster.firstExecution)).toMatchObject({ status: 'SUCCEEDED' });
    const { home: opened } = cluster;
    const [one, two] = await cluster.members();
    const address = one?.address ?? '';
    expect(await connects(hiddenAddress(address), 2379)).toBe(true);

    const instanceId = one?.instanceId ?? '';
    await opened.links.set({ from: instanceId, to: home, cut: true });
    await opened.links.set({ from: home, to: instanceId, cut: true });
    const verdict = async () =>
      (await cluster?.members())?.find((member) => member.instanceId === instanceId)?.status?.health.verdict;
    await eventually('the member not healthy', async () => {
      const now = await verdict();
      return now !== undefined && now !== 'healthy';
    });
    await write(two?.address ?? '', version, 'color', 'red');
    await opened.links.reset();
    await eventually('the member healthy', async () => (await verdict()) === 'healthy');
    expect(await read(address, version, 'color')).toBe('red');

    await opened.services.ec2.terminate(instanceId, 'test');
    expect(await connects(address, 2379)).toBe(false);
  });
});
