/**
 * EC2 and an Auto Scaling group, as far as agents can see them: instances that come and go, the lifecycle hook of
 * termination, the desired capacity. It keeps what it answered before, for answers that are late.
 */
import type { Group } from '../../agent/machine/group.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import type { Watch } from './watch.ts';

export interface CloudInstance {
  readonly instanceId: string;
  readonly address: string;
  readonly zone: string;
  state: 'pending' | 'running' | 'shutting-down' | 'terminated';
  /** Null: not (any more) in the group. */
  lifecycle: 'Pending' | 'InService' | 'Terminating:Wait' | 'Terminating:Proceed' | null;
  hookDeadlineMs: number;
  endedAtMs: number;
}

export interface CloudAnswer {
  readonly atMs: number;
  readonly group: Group;
  readonly instances: readonly Readonly<CloudInstance>[];
}

export interface Cloud {
  readonly instances: readonly CloudInstance[];
  desired: number;
  /** As it was so many milliseconds ago, at most. */
  answer(ageMs: number): CloudAnswer;
  completeHook(instanceId: string): void;
  /** Auto Scaling ends one, through the hook. */
  terminate(instanceId: string): void;
  /** Its power is cut for good: EC2 says that it is terminated, Auto Scaling notices later. */
  lose(instanceId: string): void;
  find(instanceId: string): CloudInstance | undefined;
}

export interface CloudOptions {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly watch: Watch;
  /** It runs from now on. */
  readonly booted: (instance: CloudInstance) => void;
  /** It runs no more. */
  readonly ended: (instance: CloudInstance) => void;
}

const hookMs = 15 * 60_000;
const lookEveryMs = 3_000;
/** EC2 describes terminated instances for about an hour; here less, so that both answers come up. */
const describedMs = 8 * 60_000;
const keptAnswersMs = 30_000;
const zones = ['a', 'b', 'c'];

export function createCloud(options: CloudOptions, desired: number): Cloud {
  const { timeline, random, watch, booted, ended } = options;
  const instances: CloudInstance[] = [];
  const answers: CloudAnswer[] = [];
  let count = 0;
  const cloud: Cloud = { instances, desired, answer, completeHook, terminate, lose, find };
  timeline.after(0, look);

  function find(instanceId: string): CloudInstance | undefined {
    return instances.find((one) => one.instanceId === instanceId);
  }

  function answer(ageMs: number): CloudAnswer {
    note();
    return answers.findLast(({ atMs }) => atMs <= timeline.nowMs - ageMs) ?? (answers[0] as CloudAnswer);
  }

  function note(): void {
    const members = instances.filter(({ lifecycle }) => lifecycle !== null);
    answers.push({
      atMs: timeline.nowMs,
      group: {
        name: 'members',
        desiredCapacity: cloud.desired,
        deleting: false,
        suspendedProcesses: [],
        instances: members.map(({ instanceId, lifecycle, zone }) => ({
          instanceId,
          lifecycleState: lifecycle ?? '',
          zone,
        })),
      },
      instances: instances.map((instance) => ({ ...instance })),
    });
    while ((answers[1]?.atMs ?? Number.POSITIVE_INFINITY) < timeline.nowMs - keptAnswersMs) answers.shift();
  }

  function look(): void {
    const { nowMs } = timeline;
    for (const one of instances) {
      if (one.lifecycle === 'Terminating:Wait' && one.hookDeadlineMs <= nowMs) {
        watch.say('GROUP', `the hook of ${one.instanceId} has timed out`);
        watch.count('hooks timed out');
        proceed(one);
      }
      const broken = one.state === 'shutting-down' || one.state === 'terminated';
      if (one.lifecycle === 'InService' && broken && random.chance(0.1)) terminate(one.instanceId);
    }
    for (const old of instances.filter(
      ({ state, endedAtMs }) => state === 'terminated' && nowMs - endedAtMs > describedMs,
    ))
      if (old.lifecycle === null) instances.splice(instances.indexOf(old), 1);
    const wanted = instances.filter(({ lifecycle }) => lifecycle === 'Pending' || lifecycle === 'InService');
    if (wanted.length < cloud.desired) launch();
    else for (const one of wanted.slice(0, wanted.length - cloud.desired)) terminate(one.instanceId);
    note();
    timeline.after(lookEveryMs, look);
  }

  function launch(): void {
    const instanceId = `i-${String(++count).padStart(3, '0')}`;
    const zone = zones[count % zones.length] ?? 'a';
    const instance: CloudInstance = {
      instanceId,
      address: freeAddress(),
      zone,
      state: 'pending',
      lifecycle: 'Pending',
      hookDeadlineMs: 0,
      endedAtMs: 0,
    };
    instances.push(instance);
    watch.say('GROUP', `launches ${instanceId} at ${instance.address}`);
    timeline.after(random.between(3_000, 15_000), () => {
      if (instance.state !== 'pending') return;
      instance.state = 'running';
      if (instance.lifecycle === 'Pending') instance.lifecycle = 'InService';
      booted(instance);
    });
  }

  /** EC2 gives the addresses of terminated instances again. */
  function freeAddress(): string {
    const used = new Set(instances.filter(({ state }) => state !== 'terminated').map(({ address }) => address));
    const again = instances.filter(({ state, address }) => state === 'terminated' && !used.has(address));
    return again.length > 0 && random.chance(0.3) ? random.pick(again).address : `10.0.0.${count}`;
  }

  function terminate(instanceId: string): void {
    const instance = find(instanceId);
    if (instance === undefined || (instance.lifecycle !== 'InService' && instance.lifecycle !== 'Pending')) return;
    watch.say('GROUP', `terminates ${instanceId}`);
    instance.lifecycle = 'Terminating:Wait';
    instance.hookDeadlineMs = timeline.nowMs + hookMs;
  }

  function completeHook(instanceId: string): void {
    const instance = find(instanceId);
    if (instance?.lifecycle !== 'Terminating:Wait')
      throw new Error('ValidationError: no active Lifecycle Action found');
    watch.say('GROUP', `the hook of ${instanceId} is completed`);
    proceed(instance);
  }

  function proceed(instance: CloudInstance): void {
    instance.lifecycle = 'Terminating:Proceed';
    end(instance);
    timeline.after(random.between(5_000, 30_000), () => {
      instance.lifecycle = null;
    });
  }

  function end(instance: CloudInstance): void {
    if (instance.state === 'shutting-down' || instance.state === 'terminated') return;
    instance.state = 'shutting-down';
    ended(instance);
    timeline.after(random.between(2_000, 20_000), () => {
      instance.state = 'terminated';
      instance.endedAtMs = timeline.nowMs;
    });
  }

  function lose(instanceId: string): void {
    const instance = find(instanceId);
    if (instance !== undefined) end(instance);
  }

  return cloud;
}
