/** One instance from boot to end: its disk, its etcd, and the real agent's duties, which crash and start again. */
import type { TlsFiles } from '#etcd/arguments.ts';
import type { BootOptions } from '../../agent/duties/boot.ts';
import { versionOf } from '../../agent/duties/boot.ts';
import { rememberingRuns } from '../../agent/duties/disk.ts';
import { createHousekeeping } from '../../agent/duties/housekeeping.ts';
import { leaveWhenTerminated } from '../../agent/duties/leave.ts';
import { decideEnd, keepMember, startAllowed } from '../../agent/duties/member.ts';
import { promoteOwn } from '../../agent/duties/promote.ts';
import { createSupervisor } from '../../agent/duties/supervise.ts';
import { createSurroundings } from '../../agent/duties/surroundings.ts';
import type { Clock } from '../../agent/machine/clock.ts';
import { layoutBelow } from '../../agent/machine/layout.ts';
import { createMembershipTurns } from '../../agent/machine/membershipTurns.ts';
import type { Identity, Metadata } from '../../agent/machine/metadata.ts';
import type { CloudInstance } from './cloud.ts';
import { instancesFor } from './cloudAccess.ts';
import { createSimulatedDisk, type SimulatedDisk } from './disk.ts';
import { etcdFor } from './etcdAccess.ts';
import { createNode, type EtcdNode } from './etcdNode.ts';
import { endEtcd, processFor } from './etcdProcess.ts';
import { cluster, recordFor } from './recordStore.ts';
import { later } from './weather.ts';
import type { Life, World } from './world.ts';

export interface Host {
  readonly instance: CloudInstance;
  readonly node: EtcdNode;
  readonly disk: SimulatedDisk;
  life: Life | null;
  /** Power is there. */
  on: boolean;
}

const layout = layoutBelow('/');
const housekeepEveryMs = 5_000;
const promoteEveryMs = 500;

export function createHost(world: World, instance: CloudInstance): Host {
  const node = createNode(instance.instanceId, instance.address);
  world.etcd.nodes.push(node);
  return { instance, node, disk: createSimulatedDisk(world, node), life: null, on: true };
}

/** The agent ends at whatever it was waiting for. */
export function crashAgent(host: Host): void {
  if (host.life !== null) host.life.alive = false;
  host.life = null;
  host.node.onExit = () => {};
}

export function cutPower(world: World, host: Host): void {
  crashAgent(host);
  host.on = false;
  endEtcd(world, host.node, 'power cut', '');
}

export function clockOf(world: World, life: Life): Clock {
  const { timeline, weather } = world;
  return {
    monotonicMs: () => timeline.nowMs,
    epochMs: () => timeline.nowMs + (weather.clockAheadMs.get(life.instanceId) ?? 0) + 1_700_000_000_000,
    sleep: (ms) => later(world, life, ms, () => undefined),
  };
}

/** What `runAgent` does, with everything that leaves the process replaced. */
export function startAgent(world: World, host: Host): void {
  const { instanceId, address, zone } = host.instance;
  if (!host.on || host.life !== null) return;
  const life: Life = {
    instanceId,
    address,
    alive: true,
    paused: false,
    held: [],
    lookBeganMs: 0,
    token: 0,
    changedIn: [],
  };
  host.life = life;
  world.lives.push(life);
  const { etcd, watch, cloud } = world;
  const clock = clockOf(world, life);
  const disk = rememberingRuns(host.disk);
  const access = etcdFor(world, life);
  const identity: Identity = {
    instanceId,
    address,
    zone,
    region: 'r',
    cluster,
    table: 't',
    bucket: 'b',
    signerArn: '',
    homeRegion: 'r',
  };
  const log = (event: string, fields?: object) => watch.say(instanceId, event, fields);
  const record = recordFor(world, life);
  const instances = instancesFor(world, life);
  const turns = createMembershipTurns(record, instanceId, clock);
  const around = createSurroundings({ identity, record, instancesIn: () => instances, turns, etcd: access, clock });
  const supervisor = createSupervisor({
    etcd: processFor(world, life, host.node),
    state: null,
    log,
    versionOf,
    beforeStart: (command) => startAllowed(disk, command),
    decide: (lastWords) => decideEnd({ disk, look: around, identity, record }, lastWords),
    clock,
  });
  const metadata = {
    targetLifecycleState: async () =>
      cloud.find(instanceId)?.lifecycle?.startsWith('Terminating') ? 'Terminated' : 'InService',
  } as Metadata;
  const binary = `/opt/etcd/releases/${etcd.version}/etcd`;
  // Simulated clusters speak plain HTTP.
  const transport = {
    files: {} as TlsFiles,
    secure: () => Promise.reject(new Error('no certificates here')),
    secureAnew: () => Promise.reject(new Error('no certificates here')),
    ofNewcomers: async () => 'plain' as const,
    present: () => {},
  };
  const releases = { installed: () => binary, install: async () => binary } as unknown as BootOptions['releases'];
  // Settings that change etcd's flags change no membership: only the time that reading them takes counts here.
  const tuning = {
    refresh: () =>
      record.readSettings().then(
        () => undefined,
        () => undefined,
      ),
  };
  let leaving = false;
  const shared = {
    identity,
    layout,
    disk,
    record,
    turns,
    instances,
    metadata,
    look: around,
    log,
    etcd: access,
    clock,
    tuning,
  };
  const housekeeping = createHousekeeping(shared);
  const failed = (error: Error) => watch.violated(`the agent of ${instanceId} failed: ${error.stack}`);
  const repeat = (everyMs: number, work: () => Promise<unknown>) => {
    void (async () => {
      for (;;) {
        await clock.sleep(everyMs);
        await work().catch((error: Error) => log('duty failed', { error: error.message }));
      }
    })();
  };
  leaveWhenTerminated({ ...shared, supervisor, enter: () => (leaving = true) }).catch(failed);
  repeat(promoteEveryMs, async () => leaving || (await promoteOwn(shared)));
  repeat(housekeepEveryMs, async () => {
    if (!leaving && etcd.leader === host.node && host.node.pid !== null) await housekeeping.round();
  });
  keepMember({ ...shared, releases, transport, enter: () => {} }, supervisor).catch(failed);
}
