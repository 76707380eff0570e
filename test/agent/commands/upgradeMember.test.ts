/** A member's step where something is wrong: what is done then, and above all what is not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { MemberSpec } from '#etcd/arguments.ts';
import type { KnownMember } from '#etcd/knownMembers.ts';
import type { UpgradeContext } from '../../../agent/commands/upgradeContext.ts';
import { upgradeMember } from '../../../agent/commands/upgradeMember.ts';
import { createDisk } from '../../../agent/duties/disk.ts';
import type { Observation } from '../../../agent/duties/observe.ts';
import type { Surroundings } from '../../../agent/duties/surroundings.ts';
import { layoutBelow } from '../../../agent/machine/layout.ts';

let older: string;
let newer: string;
const wanted = { version: '3.5.35', snapshotCount: 0, v2Api: false, timeoutMs: 300 };

let root: string;
let world: {
  /** What etcd of this instance answers as the version it runs. */
  healthyAs: readonly string[];
  others: readonly boolean[];
  clusterVersions: readonly string[];
  /** Versions that exit again and again. */
  exits: readonly string[];
  /** Of this version, as built here, the v3 API does not work over TLS. */
  lacksHttp2: string;
  words: string;
  alone: boolean;
  looksFail: boolean;
  token: number;
  rested: string[];
  starts: string[];
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'upgrade-member-'));
  [older, newer] = ['3.4.45', '3.5.35'];
  world = {
    healthyAs: [older, newer],
    others: [true, true],
    clusterVersions: ['3.4.0'],
    exits: [],
    lacksHttp2: '',
    words: 'panic: it is broken',
    alone: false,
    looksFail: false,
    token: 7,
    rested: [],
    starts: [],
  };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const member = (id: string, healthy: boolean): KnownMember => ({
  id,
  name: `i-${id}`,
  peerUrls: [`http://127.0.0.${id}:2380`],
  isLearner: false,
  healthy,
  instance: 'live',
  zone: 'a',
  region: 'r',
});

/** An agent's view of a cluster of three: this member, and two others that are only looked at. */
function agent(fencingToken = world.token): UpgradeContext {
  const layout = layoutBelow(root);
  const disk = createDisk(layout);
  const runs = () => disk.member()?.version ?? '';
  const own = () => world.healthyAs.includes(runs());
  const swap = async (next: () => Promise<unknown>) => {
    await next();
    world.starts.push(runs());
  };
  const observation = () => ({
    seen: {
      name: 'i-1',
      processRunning: true,
      crashLooping: world.exits.includes(runs()),
      serverVersion: runs(),
      clusterVersion: null,
      leaderId: '2',
      learner: false,
      readAndWrite: own() ? { ok: true } : { ok: false, error: 'it hangs' },
      members: ['i-1', 'i-2', 'i-3'],
      alarms: [],
      offersHttp2: runs() === world.lacksHttp2 ? false : null,
    },
  });
  const look = async () => {
    if (world.looksFail) return { seen: null, reason: 'no member answers a linearizable read', alone: world.alone };
    const members = [member('1', own()), ...world.others.map((well, index) => member(String(index + 2), well))];
    const peers = world.clusterVersions.map((clusterVersion) => ({ clusterVersion }));
    return { seen: { members, leaderId: '2', peers } as unknown as Surroundings };
  };
  return {
    identity: { instanceId: 'i-1' },
    layout,
    disk,
    supervisor: {
      get crashLooping() {
        return world.exits.includes(runs());
      },
      pid: 1,
      swap,
      lastWords: async () => world.words,
    },
    record: { audit: async () => undefined, readLock: async () => ({ holder: 'upgrade', token: world.token }) },
    turns: {
      take: async (_purpose: string, work: (turn: object) => Promise<{ result: unknown }>) => ({
        busy: null,
        result: (await work({ check: () => undefined })).result,
      }),
    },
    log: () => undefined,
    look,
    observe: async () => observation() as unknown as Observation,
    install: async (version: string) => `/releases/${version}/etcd`,
    rest: async () => {
      world.rested.push('out');
      return 0;
    },
    unrest: async () => void world.rested.push('in'),
    transport: { files: {}, read: () => ({ started: '', onDisk: '' }) },
    receivedAtMs: performance.now(),
    fencingToken,
    isSuperseded: () => fencingToken !== world.token,
  } as unknown as UpgradeContext;
}

/** It runs this release, and came from the other one where it is the newer. */
function runs(version: string): void {
  const disk = createDisk(layoutBelow(root));
  const spec = { name: 'i-1', version: older, dataDir: join(root, 'data'), address: '127.0.0.1', members: [] };
  disk.keepMember({ ...spec, version, clusterToken: 'c', clusterState: 'existing' } as MemberSpec);
  if (version !== older)
    disk.keepPreviousMember({ ...spec, clusterToken: 'c', clusterState: 'existing' } as MemberSpec);
}

describe('a member’s step', () => {
  test('leaves DNS, swaps, and comes back to DNS', async () => {
    runs(older);
    expect(await upgradeMember(wanted, agent())).toMatchObject({ member: 'i-1', version: newer });
    expect(world).toMatchObject({ starts: [newer], rested: ['out', 'in'] });
  });

  test('stops nothing while another is not healthy, and comes back to DNS when it gives up', async () => {
    runs(older);
    const context = agent();
    const rest = context.rest;
    // It falls ill once this one has left DNS.
    Object.assign(context, {
      rest: async (seen: Surroundings) => {
        world.others = [true, false];
        return rest(seen);
      },
    });
    await expect(upgradeMember({ ...wanted, timeoutMs: 2000 }, context)).rejects.toMatchObject({
      name: 'UnsafeToStop',
      message: expect.stringContaining('not healthy: i-3'),
    });
    expect(world).toMatchObject({ starts: [], rested: ['out', 'in'] });
  });

  test('leaves a member alone that is well itself where another one is not', async () => {
    runs(newer);
    world.others = [true, false];
    await expect(upgradeMember(wanted, agent())).rejects.toMatchObject({
      name: 'MemberNotHealthy',
      message: expect.stringMatching(/i-1 runs etcd 3\.5\.35 and is healthy.*not healthy: i-3/),
    });
    expect(world.starts).toEqual([]);
  });

  test('puts the old release back where the new one is not healthy and the others are a quorum', async () => {
    runs(newer);
    world.healthyAs = [older];
    await expect(upgradeMember(wanted, agent())).rejects.toMatchObject({
      name: 'MemberNotUpgraded',
      message: expect.stringMatching(/it runs 3\.4\.45 again and is healthy.*panic: it is broken/),
    });
    expect(world.starts).toEqual([older]);
  });

  test('puts the old release back at once where the new one was built without what TLS needs', async () => {
    runs(older);
    // It answers reads and writes by the v2 API still, and the time for its step is not waited for.
    world.lacksHttp2 = newer;
    await expect(upgradeMember({ ...wanted, timeoutMs: 3_600_000 }, agent())).rejects.toMatchObject({
      name: 'MemberNotUpgraded',
      message: expect.stringMatching(/it runs 3\.4\.45 again and is healthy.*issue 6455.*official release/),
    });
    expect(world.starts).toEqual([newer, older]);
  });

  test('leaves a 3.0 alone that is not healthy: its log is one that 2.3 cannot read', async () => {
    [older, newer] = ['2.3.8', '3.0.17'];
    world.clusterVersions = ['2.3.0'];
    world.healthyAs = [older];
    runs(newer);
    await expect(upgradeMember({ ...wanted, version: newer }, agent())).rejects.toMatchObject({
      name: 'MemberNotUpgraded',
      message: expect.stringMatching(/left as it is, since etcd 2\.3 panics.*a new member joins with 2\.3\.8/),
    });
    expect(world.starts).toEqual([]);
  });

  test('does not put it back once the cluster version has changed, whoever says so', async () => {
    runs(newer);
    world.healthyAs = [older];
    world.clusterVersions = ['3.4.0', '3.5.0'];
    await expect(upgradeMember(wanted, agent())).rejects.toMatchObject({
      message: expect.stringContaining('the cluster version is 3.5.0, so that etcd 3.4.45 could not come back'),
    });
    expect(world.starts).toEqual([]);
  });

  test('swaps nothing again that its agent was putting back when it ended, and tries it for a new operation', async () => {
    runs(newer);
    world.healthyAs = [older];
    await expect(upgradeMember(wanted, agent())).rejects.toThrow('panic: it is broken');
    await expect(upgradeMember(wanted, agent())).rejects.toMatchObject({
      name: 'MemberNotUpgraded',
      message: expect.stringMatching(/it runs 3\.4\.45 again.*panic: it is broken/),
    });
    expect(world.starts).toEqual([older]);
    Object.assign(world, { token: 8, healthyAs: [older, newer] });
    expect(await upgradeMember(wanted, agent())).toMatchObject({ version: newer });
    expect(world.starts).toEqual([older, newer]);
  });

  test('goes forward again where the only member finds that its cluster version has changed', async () => {
    runs(newer);
    Object.assign(world, { alone: true, looksFail: true, exits: [older, newer], healthyAs: [] });
    world.words = 'invalid downgrade; server version is lower than determined cluster version';
    await expect(upgradeMember(wanted, agent())).rejects.toMatchObject({
      name: 'MemberNotUpgraded',
      message: expect.stringContaining('3.4.45 could not come back: it runs 3.5.35'),
    });
    expect(world.starts).toEqual([older, newer]);
  });

  test('swaps the only member while its etcd does not run: nobody else could say anything of it', async () => {
    runs(older);
    Object.assign(world, { alone: true, looksFail: true, exits: [older] });
    const context = agent();
    Object.assign(context.supervisor, {
      swap: async (next: () => Promise<unknown>) => {
        await next();
        world.looksFail = false;
        world.starts.push(newer);
      },
    });
    expect(await upgradeMember(wanted, context)).toMatchObject({ version: newer });
    expect(world.starts).toEqual([newer]);
  });

  test('gives up after three swaps that fail with etcd as it was', async () => {
    runs(older);
    const context = agent();
    let tries = 0;
    Object.assign(context.supervisor, { swap: async () => Promise.reject(new Error(`try ${++tries}`)) });
    await expect(upgradeMember({ ...wanted, timeoutMs: 60_000 }, context)).rejects.toMatchObject({
      name: 'CommandFailed',
      message: expect.stringContaining('was not swapped, and runs as before: try 3'),
    });
  });

  test('asks again where the record does not answer while it puts the old release back', async () => {
    runs(newer);
    world.healthyAs = [older];
    const context = agent();
    const { readLock } = context.record;
    let asked = 0;
    Object.assign(context.record, {
      readLock: () => (asked++ === 0 ? Promise.reject(new Error('throttled')) : readLock()),
    });
    await expect(upgradeMember(wanted, context)).rejects.toThrow('it runs 3.4.45 again and is healthy');
    expect(asked).toBe(2);
  });

  test('does nothing more once another operation has the lock', async () => {
    runs(older);
    await expect(upgradeMember(wanted, agent(6))).rejects.toMatchObject({ name: 'StaleToken' });
    expect(world.starts).toEqual([]);
  });
});
