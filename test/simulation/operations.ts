/**
 * What happens to a cluster from outside. What is lost for good (instances, disks) is never so much that the cluster could
 * not have survived it: then nothing could be asked of the agents any more.
 */

import { quorum } from '#etcd/membership.ts';
import { factsOf } from '#etcd/minors.ts';
import { confirmMs, forgottenMs } from '../../agent/duties/confirmations.ts';
import type { Wipe } from './disk.ts';
import { endEtcd } from './etcdProcess.ts';
import { crashAgent, cutPower, type Host, startAgent } from './host.ts';
import { clear, type Service } from './weather.ts';
import type { World } from './world.ts';

export interface Field {
  readonly world: World;
  readonly hosts: ReadonlyMap<string, Host>;
}

/** Each says what it did; null where it could not be done now. */
type Operation = (field: Field) => string | null;

const weighted: readonly (readonly [weight: number, operation: Operation])[] = [
  [4, killEtcd],
  [6, killAgent],
  [6, crashAtChange],
  [4, reboot],
  [6, loseInstance],
  [6, terminate],
  [8, scale],
  [5, wipeDisk],
  [3, corruptDisk],
  [6, pauseSomething],
  [6, partition],
  [5, cutFromAws],
  [10, disturb],
  [8, deny],
  [3, stepClock],
  [3, slowCatchUp],
  [5, moveLeadership],
  [3, holdLock],
];
const total = weighted.reduce((sum, [weight]) => sum + weight, 0);

/** One operation by chance. */
export function operate(field: Field): string | null {
  const at = field.world.random.next() * total;
  const upTo = weighted.map((_, index) => weighted.slice(0, index + 1).reduce((sum, [weight]) => sum + weight, 0));
  const [, operation] = weighted[upTo.findIndex((sum) => at < sum)] ?? [0, killAgent];
  const done = operation(field);
  if (done !== null) field.world.watch.count(operation.name);
  return done;
}

function some({ world, hosts }: Field): Host | null {
  const on = [...hosts.values()].filter((host) => host.on);
  return on.length === 0 ? null : world.random.pick(on);
}

/** Voters that stay with their data, whatever is lost of these instances now. */
function survivors({ world, hosts }: Field, lost: readonly string[]): { left: number; voters: number } {
  const voters = world.etcd.members().filter(({ learner }) => !learner);
  const left = voters.filter(({ id }) => {
    const host = [...hosts.values()].find(({ node }) => node.data?.memberId === id);
    if (host === undefined || host.node.data?.corrupt || lost.includes(host.instance.instanceId)) return false;
    return host.instance.state === 'running' && host.instance.lifecycle === 'InService';
  });
  return { left: left.length, voters: voters.length };
}

function survives(field: Field, lost: readonly string[]): boolean {
  const { left, voters } = survivors(field, lost);
  // A change that is under way rests on a look that is older than the loss.
  const underWay = field.world.store.turn?.holder !== undefined || field.world.etcd.isChanging() ? 1 : 0;
  return left >= quorum(voters + underWay);
}

function killEtcd(field: Field): string | null {
  const host = some(field);
  if (host === null || host.node.pid === null) return null;
  endEtcd(field.world, host.node, 'SIGKILL', '');
  return `etcd of ${host.instance.instanceId} killed`;
}

function restartAgent({ world }: Field, host: Host): void {
  crashAgent(host);
  world.timeline.after(world.random.between(500, 8_000), () => startAgent(world, host));
}

function killAgent(field: Field): string | null {
  const host = some(field);
  if (host === null) return null;
  restartAgent(field, host);
  return `agent of ${host.instance.instanceId} killed`;
}

function crashAtChange(field: Field): string {
  const { weather, random } = field.world;
  const point = random.pick(['beforeChange', 'afterChange', 'afterAnswer'] as const);
  weather.crash = point;
  weather.crashLife = ({ instanceId }) => {
    const host = field.hosts.get(instanceId);
    if (host !== undefined) restartAgent(field, host);
  };
  return `the next agent that changes the membership crashes (${point})`;
}

function reboot(field: Field): string | null {
  const host = some(field);
  if (host === null) return null;
  const { world } = field;
  cutPower(world, host);
  world.timeline.after(world.random.between(10_000, 90_000), () => {
    if (host.instance.state !== 'running') return;
    host.on = true;
    startAgent(world, host);
  });
  return `${host.instance.instanceId} reboots`;
}

function loseInstance(field: Field): string | null {
  const host = some(field);
  if (host === null || !survives(field, [host.instance.instanceId])) return null;
  field.world.cloud.lose(host.instance.instanceId);
  return `${host.instance.instanceId} is lost`;
}

function terminate(field: Field): string | null {
  const host = some(field);
  if (host === null || !survives(field, [host.instance.instanceId])) return null;
  field.world.cloud.terminate(host.instance.instanceId);
  return `${host.instance.instanceId} is terminated by the group`;
}

function scale(field: Field): string | null {
  const { cloud, random, etcd } = field.world;
  // A cluster of one cannot grow safely before there were learners.
  const least = factsOf(etcd.version).learners ? 1 : 2;
  const desired = Math.max(least, random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5]));
  const inService = cloud.instances.filter(({ lifecycle }) => lifecycle === 'InService' || lifecycle === 'Pending');
  const leaving = inService.slice(0, Math.max(0, inService.length - desired)).map(({ instanceId }) => instanceId);
  // Those that leave by themselves need no quorum without them, if nothing else is wrong meanwhile.
  const calm = isCalm(field) && survivors(field, leaving).left >= 1 && survives(field, []);
  if (leaving.length > 0 && !survives(field, leaving) && !calm) return null;
  cloud.desired = desired;
  for (const instanceId of leaving) cloud.terminate(instanceId);
  return `desired capacity ${desired}`;
}

function isCalm({ world: { weather, cloud, etcd } }: Field): boolean {
  const faulty = Object.values(weather.services).some((service) => Object.values(service).some((value) => value > 0));
  const whole = cloud.instances.every(
    ({ lifecycle, state }) => lifecycle === null || (lifecycle === 'InService' && state === 'running'),
  );
  return !faulty && whole && weather.sides.size === 0 && weather.cutFromAws.size === 0 && etcd.commits();
}

function wipeDisk(field: Field): string | null {
  const host = some(field);
  if (host === null || !survives(field, [host.instance.instanceId])) return null;
  const { random } = field.world;
  const what = random.pick<Wipe>(['data', 'volume', 'everything']);
  const { instanceId } = host.instance;
  // The agent of a running instance notices only by what it finds.
  if (random.chance(0.5)) restartAgent(field, host);
  endEtcd(field.world, host.node, 'SIGKILL', '');
  host.disk.wipe(what);
  return `disk of ${instanceId} wiped: ${what}`;
}

function corruptDisk(field: Field): string | null {
  const host = some(field);
  if (!host?.node.data || !survives(field, [host.instance.instanceId])) return null;
  host.node.data.corrupt = true;
  endEtcd(field.world, host.node, 'SIGKILL', '');
  return `data of ${host.instance.instanceId} damaged`;
}

function pauseSomething(field: Field): string | null {
  const { world } = field;
  const host = some(field);
  if (host === null) return null;
  const what = world.random.pick(['etcd', 'agent', 'both'] as const);
  const { life, node } = host;
  world.etcd.settle();
  if (what !== 'agent') node.paused = node.pid !== null;
  if (what !== 'etcd' && life !== null) life.paused = true;
  world.etcd.settle();
  world.timeline.after(world.random.between(500, 60_000), () => {
    resume(world, host);
    if (life?.paused) resumeLife(life);
  });
  return `${what} of ${host.instance.instanceId} paused`;
}

function resumeLife(life: NonNullable<Host['life']>): void {
  life.paused = false;
  for (const work of life.held.splice(0)) work();
}

export function resume(world: World, host: Host): void {
  host.node.paused = false;
  if (host.life?.paused) resumeLife(host.life);
  world.etcd.settle();
}

function partition(field: Field): string | null {
  const { world } = field;
  const cut = [some(field), some(field)].slice(world.random.below(2)).filter((host) => host !== null);
  const side = 1 + world.random.below(3);
  world.etcd.settle();
  for (const { node } of cut) world.weather.sides.set(node.address, side);
  world.etcd.settle();
  world.timeline.after(world.random.between(1_000, 90_000), () => {
    world.etcd.settle();
    for (const { node } of cut) world.weather.sides.delete(node.address);
    world.etcd.settle();
  });
  return cut.length === 0 ? null : `${cut.map(({ instance }) => instance.instanceId).join(', ')} cut off, side ${side}`;
}

function cutFromAws(field: Field): string | null {
  const host = some(field);
  if (host === null) return null;
  const { timeline, weather, random } = field.world;
  weather.cutFromAws.add(host.instance.instanceId);
  timeline.after(random.between(2_000, 120_000), () => weather.cutFromAws.delete(host.instance.instanceId));
  return `${host.instance.instanceId} cut off from AWS`;
}

function disturb({ world: { timeline, weather, random } }: Field): string {
  const service = random.pick<Service>(['ec2', 'autoscaling', 'dynamodb']);
  const faults = weather.services[service];
  const kinds = [
    'error',
    'throttle',
    'drop',
    'lose',
    ...(service === 'dynamodb' ? [] : ['stale', 'stale', 'partial', 'partial']),
  ];
  const kind = random.pick(kinds) as keyof typeof faults;
  faults[kind] = random.pick([0.1, 0.5, 1]);
  timeline.after(random.between(2_000, 90_000), () => Object.assign(faults, clear()));
  return `${service}: ${kind} ${faults[kind]}`;
}

/** Once in a while at most: what two services say twice, seconds apart, counts. */
function deny(field: Field): string | null {
  const host = some(field);
  const { timeline, weather, random } = field.world;
  if (host === null || weather.denied !== null || timeline.nowMs < weather.mayDenyAtMs) return null;
  const { instanceId } = host.instance;
  const forMs = random.between(500, confirmMs - 500);
  weather.denied = instanceId;
  weather.mayDenyAtMs = timeline.nowMs + forgottenMs + 2 * confirmMs;
  timeline.after(forMs, () => {
    weather.denied = null;
  });
  return `AWS denies ${instanceId} for ${Math.round(forMs)} ms`;
}

function stepClock(field: Field): string | null {
  const host = some(field);
  if (host === null) return null;
  const { weather, random } = field.world;
  const byMs = Math.round(random.pick([-1, 1]) * random.pick([500, 4_000, 50_000, 600_000]) * random.next());
  weather.clockAheadMs.set(host.instance.instanceId, byMs);
  return `clock of ${host.instance.instanceId} ${byMs} ms ahead`;
}

function slowCatchUp({ world: { timeline, weather, random } }: Field): string {
  weather.slowness = random.between(2, 20);
  timeline.after(random.between(30_000, 120_000), () => {
    weather.slowness = 1;
  });
  return 'newcomers catch up slowly';
}

function moveLeadership({ world: { etcd, random } }: Field): string | null {
  const voters = etcd.members().filter(({ learner }) => !learner);
  if (etcd.leader === null || voters.length === 0) return null;
  const { id } = random.pick(voters);
  return etcd.moveLeader(etcd.leader, id) ? `leadership moves to ${id}` : null;
}

function holdLock({ world: { store, timeline, random } }: Field): string | null {
  if (store.lock?.holder !== undefined) return null;
  const token = (store.lock?.token ?? 0) + 1;
  store.lock = {
    cluster: 'simulated',
    item: 'lock',
    token,
    holder: 'operation',
    purpose: 'test',
    joins: random.chance(0.5),
  };
  timeline.after(random.between(5_000, 90_000), () => {
    store.lock = { cluster: 'simulated', item: 'lock', token };
  });
  return 'an operation holds the lock';
}
