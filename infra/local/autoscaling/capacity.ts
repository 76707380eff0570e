/** Groups that are kept at their desired capacity: what is launched and terminated, one turn at a time. */
import type { Ec2 } from '../ec2/index.ts';
import type { LaunchSpecification } from '../ec2/instance.ts';
import { atomically, type Documents, documents } from '../wire/documents.ts';
import { AwsError, type HomeContext } from '../wire/service.ts';
import { type Activities, createActivities } from './activities.ts';
import { type Group, type GroupMember, isSuspended, isTerminating, nextSteps } from './group.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createRefreshes, type Refreshes } from './refreshes.ts';

export interface AutoScalingOptions {
  readonly ec2: Ec2;
  /** What a launch template says. */
  readonly specification: (launchTemplate: Group['launchTemplate']) => LaunchSpecification;
}

export interface Capacity {
  readonly groups: Documents<Group>;
  readonly members: Documents<GroupMember>;
  readonly activities: Activities;
  readonly lifecycle: Lifecycle;
  readonly refreshes: Refreshes;
  /** All changes or none, as the home may end between two. */
  atomically<T>(work: () => T): T;
  /** @throws AwsError where there is no such group. */
  find(name: string): Group;
  /** @throws AwsError where no group has this instance. */
  memberOf(instanceId: string): GroupMember;
  /** @throws AwsError where it is out of the group's bounds. */
  setCapacity(name: string, desired: number): void;
  /** Through the hooks of terminating. A member that terminates already is left alone. */
  terminate(member: GroupMember, cause: string): void;
  /** Resolves when the group and all its instances are gone. */
  deleted(name: string): Promise<void>;
  reconcile(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

const refreshed = 'an instance was taken out of service in response to an instance refresh';

export function createCapacity(context: HomeContext, { ec2, specification }: AutoScalingOptions): Capacity {
  const groups = documents<Group>(context.database, 'autoscaling_groups');
  const members = documents<GroupMember>(context.database, 'autoscaling_instances');
  const activities = createActivities(context);
  const refreshes = createRefreshes(context, () => void reconcile());
  let running = false;
  let turn: Promise<void> = Promise.resolve();
  const deletions = new Map<string, () => void>();
  const lifecycle = createLifecycle(context, {
    ec2,
    members,
    abandoned: (member) => {
      terminate(member, 'an instance was taken out of service as its launch was abandoned');
      void reconcile();
    },
    changed: () => void reconcile(),
  });

  function find(name: string): Group {
    const group = groups.get(name);
    if (group === null)
      throw new AwsError('ValidationError', `AutoScalingGroup name not found - no such group: ${name}`);
    return group;
  }

  function memberOf(instanceId: string): GroupMember {
    const member = members.get(instanceId);
    if (member === null)
      throw new AwsError(
        'ValidationError',
        `Instance Id not found - No managed instance found for instance ID ${instanceId}`,
      );
    return member;
  }

  /** One turn at a time, so that two causes never launch for the same gap. */
  function reconcile(): Promise<void> {
    turn = turn.then(() => {
      if (running) for (const group of groups.all()) step(group);
    });
    turn = turn.catch((error: unknown) => context.log(`Auto Scaling: ${(error as Error).stack ?? error}`));
    return turn;
  }

  const membersOf = (group: Group) => members.all().filter(({ group: name }) => name === group.name);

  function step(group: Group): void {
    checkHealth(group);
    const refresh = refreshes.step(group, membersOf(group));
    for (const id of refresh.terminate) terminate(memberOf(id), refreshed);
    const next = nextSteps(group, membersOf(group), refresh.surge);
    for (const { instanceId, cause } of next.terminate) terminate(memberOf(instanceId), cause);
    for (const zone of next.launch) launch(group, zone);
    if (!group.deleting || membersOf(group).length > 0) return;
    forget(group);
  }

  /** EC2's status alone: an instance that goes or is gone, though nobody told Auto Scaling, is unhealthy. */
  function checkHealth(group: Group): void {
    if (isSuspended(group, 'HealthCheck')) return;
    const alive = new Set(
      ec2
        .instances()
        .flatMap(({ instanceId, state }) => (state === 'pending' || state === 'running' ? instanceId : [])),
    );
    for (const member of membersOf(group)) {
      const checked = !isTerminating(member) && member.lifecycleState !== 'Standby';
      if (checked && !alive.has(member.instanceId)) members.put(member.instanceId, { ...member, health: 'Unhealthy' });
    }
  }

  function forget(group: Group): void {
    atomically(context.database, () => {
      for (const hook of lifecycle.hooks.all()) {
        if (hook.group === group.name) lifecycle.hooks.delete(`${hook.group}/${hook.name}`);
      }
      refreshes.forget(group.name);
      groups.delete(group.name);
    });
    deletions.get(group.name)?.();
    deletions.delete(group.name);
  }

  function launch(group: Group, zone: string): void {
    const subnet = group.subnets.find((candidate) => candidate.zone === zone);
    if (subnet === undefined) return;
    try {
      const template = specification(group.launchTemplate);
      const tags = { ...template.tags, ...group.tags, 'aws:autoscaling:groupName': group.name };
      const instance = atomically(context.database, () => {
        const launched = ec2.launch({ ...template, tags }, subnet);
        members.put(launched.instanceId, {
          instanceId: launched.instanceId,
          group: group.name,
          zone,
          lifecycleState: 'Pending',
          health: 'Healthy',
          instanceType: template.instanceType,
          launchTemplate: group.launchTemplate,
        });
        return launched;
      });
      activities.note(
        group.name,
        `Launching a new EC2 instance: ${instance.instanceId}`,
        'the group has fewer instances than its desired capacity',
      );
    } catch (error) {
      activities.note(
        group.name,
        'Launching a new EC2 instance',
        'the group has fewer instances than its desired capacity',
        (error as Error).message,
      );
    }
  }

  ec2.onChange(({ instanceId, state }) => {
    const member = members.get(instanceId);
    if (member === null || state === 'pending') return;
    if (state === 'running') {
      if (member.lifecycleState === 'Pending') lifecycle.launched(member);
      return;
    }
    if (isTerminating(member)) {
      lifecycle.dropActions(instanceId);
      if (state === 'terminated') members.delete(instanceId);
      else if (member.lifecycleState === 'Terminating:Wait')
        members.put(instanceId, { ...member, lifecycleState: 'Terminating' });
    }
    void reconcile();
  });

  function setCapacity(name: string, desired: number): void {
    const group = find(name);
    if (desired < group.minSize || desired > group.maxSize) {
      const bounds = `between the min size ${group.minSize} and the max size ${group.maxSize}`;
      throw new AwsError(
        'ValidationError',
        `New SetDesiredCapacity value ${desired} is not ${bounds} of the AutoScalingGroup.`,
      );
    }
    groups.put(name, { ...group, desiredCapacity: desired });
    void reconcile();
  }

  function terminate(member: GroupMember, cause: string): void {
    if (isTerminating(member)) return;
    activities.note(member.group, `Terminating EC2 instance: ${member.instanceId}`, cause);
    lifecycle.terminate(member);
  }

  return {
    groups,
    members,
    activities,
    lifecycle,
    refreshes,
    atomically: (work) => atomically(context.database, work),
    find,
    memberOf,
    setCapacity,
    terminate,
    reconcile,
    deleted: (name) =>
      new Promise((resolve) => {
        deletions.set(name, resolve);
        void reconcile();
      }),
    start() {
      running = true;
      lifecycle.start();
      void reconcile();
    },
    async stop() {
      running = false;
      lifecycle.stop();
      refreshes.stop();
      await turn;
    },
  };
}
