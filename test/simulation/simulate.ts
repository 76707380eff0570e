/** One life of a cluster, from its bootstrap through some hundred operations to peace, all by one seed. */
import { peerUrl } from '#etcd/addresses.ts';
import { factsOf } from '#etcd/minors.ts';
import { createCloud } from './cloud.ts';
import { createEtcdModel } from './etcdModel.ts';
import { runs } from './etcdNode.ts';
import { createHost, cutPower, type Host, startAgent } from './host.ts';
import { type Field, operate, resume } from './operations.ts';
import { seeded } from './random.ts';
import { cluster, createRecordStore } from './recordStore.ts';
import { createTimeline } from './timeline.ts';
import { createWatch } from './watch.ts';
import { clearUp, createWeather } from './weather.ts';
import type { World } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly operations?: number;
  readonly keepTrace?: boolean;
}

export interface SimulationResult {
  readonly seed: number;
  readonly version: string;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  /** Of virtual time. */
  readonly ranMs: number;
}

/** Without learners and with, with and without the refusal of adds while a voter is down. */
export const versions = ['2.3.8', '3.0.17', '3.3.27', '3.4.45', '3.5.16', '3.5.35', '3.7.3'];
const bootstrapMs = 5 * 60_000;
const meanGapMs = 7_000;
/** A hook that nobody completes takes 15 minutes; joining after it some more. */
const peaceMs = 60 * 60_000;
const lookEveryMs = 2_000;

export async function simulate({
  seed,
  operations = 200,
  keepTrace = false,
}: SimulationOptions): Promise<SimulationResult> {
  const random = seeded(seed);
  const timeline = createTimeline();
  const watch = createWatch(timeline, keepTrace);
  const weather = createWeather();
  const hosts = new Map<string, Host>();
  const version = random.pick(versions);
  const desired = Math.max(factsOf(version).learners ? 1 : 2, random.pick([3, 3, 3, 5, 2, 1]));
  const cloud = createCloud({ timeline, random, watch, booted, ended }, desired);
  const inGroup = (instanceId: string) => {
    const instance = cloud.find(instanceId);
    return instance?.state === 'running' && instance.lifecycle === 'InService';
  };
  const etcd = createEtcdModel({ timeline, random, watch, weather, version, inGroup });
  const store = createRecordStore(desired);
  const world: World = { timeline, random, weather, watch, cloud, store, etcd, lives: [] };
  const field: Field = { world, hosts };

  function booted(instance: Parameters<typeof createHost>[1]): void {
    const host = createHost(world, instance);
    hosts.set(instance.instanceId, host);
    timeline.after(random.between(3_000, 30_000), () => startAgent(world, host));
  }

  function ended({ instanceId }: { instanceId: string }): void {
    const host = hosts.get(instanceId);
    if (host === undefined) return;
    cutPower(world, host);
    hosts.delete(instanceId);
    etcd.nodes.splice(etcd.nodes.indexOf(host.node), 1);
    etcd.settle();
  }

  const failed = () => watch.violations.length > 0;
  watch.say('WORLD', `seed ${seed}, etcd ${version}, ${desired} members`);
  bootstrap();
  await timeline.run(bootstrapMs, () => failed() || store.bootstrap?.createdAt !== undefined);
  if (!failed() && store.bootstrap?.createdAt === undefined) watch.violated('the cluster was not created');

  let done = 0;
  function next(): void {
    const what = operate(field);
    if (what !== null) {
      watch.say('WORLD', `${++done}. ${what}`);
    }
    if (done < operations) timeline.after(-Math.log(1 - random.next()) * meanGapMs, next);
  }
  timeline.after(0, next);
  await timeline.run(Number.POSITIVE_INFINITY, () => failed() || done >= operations);
  if (!failed()) await peace();
  if (!failed()) checkTrail();

  /** ClusterBootstrap in short. */
  function bootstrap(): void {
    const members = cloud.instances.filter(({ lifecycle }) => lifecycle === 'InService');
    if (store.bootstrap === null && members.length >= desired) {
      const listed = members.slice(0, desired).map(({ instanceId, zone, address }) => ({
        name: instanceId,
        instanceId,
        zone,
        address,
        peerUrl: peerUrl(address),
        clientUrl: '',
      }));
      store.bootstrap = {
        cluster,
        item: 'bootstrap',
        clusterToken: 'first',
        etcdVersion: version,
        members: listed,
        writtenAt: '',
        writtenBy: '',
      };
    }
    if (store.bootstrap !== null && isSettled()) store.bootstrap = { ...store.bootstrap, createdAt: 'now' };
    else timeline.after(lookEveryMs, bootstrap);
  }

  /** Members and group agree, and all are well. */
  function isSettled(): boolean {
    const members = etcd.members();
    const wanted = cloud.instances.filter(({ lifecycle }) => lifecycle !== null);
    return (
      wanted.length === cloud.desired &&
      members.length === cloud.desired &&
      etcd.commits() &&
      wanted.every(({ instanceId, lifecycle }) => {
        const node = hosts.get(instanceId)?.node;
        const member = members.find(({ name }) => name === instanceId);
        return (
          lifecycle === 'InService' &&
          node !== undefined &&
          runs(node) &&
          member?.learner === false &&
          etcd.inSync(node)
        );
      })
    );
  }

  async function peace(): Promise<void> {
    watch.say('WORLD', 'all faults end');
    etcd.settle();
    clearUp(weather);
    delete (store.lock as { holder?: string } | null)?.holder;
    for (const host of hosts.values()) resume(world, host);
    let settled = 0;
    const look = () => {
      settled = isSettled() ? settled + 1 : 0;
      timeline.after(lookEveryMs, look);
    };
    look();
    const fromMs = timeline.nowMs;
    await timeline.run(fromMs + peaceMs, () => failed() || settled > 30);
    if (failed() || settled > 30) return;
    const listed = etcd.members().map(({ id, name, learner }) => `${name || id}${learner ? ' (learner)' : ''}`);
    const there = cloud.instances.map(({ instanceId, state, lifecycle }) => `${instanceId} ${state} ${lifecycle}`);
    watch.violated(
      `cluster and group do not agree: members ${listed.join(', ')}; ${cloud.desired} wanted of ${there.join(', ')}`,
    );
  }

  /** What the trail lacks must be in the turn that nobody has given back: the next to take it writes it down. */
  function checkTrail(): void {
    if (store.turn?.holder !== undefined) store.told.add(store.turn.token);
    for (const { instanceId, changedIn } of world.lives)
      for (const token of changedIn)
        if (!store.told.has(token)) watch.violated(`the audit trail lacks a change by ${instanceId} in turn ${token}`);
  }

  return {
    seed,
    version,
    violations: watch.violations,
    trace: watch.trace,
    counts: watch.counts,
    ranMs: timeline.nowMs,
  };
}
