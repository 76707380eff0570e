/** Groups that are kept at their desired capacity: what is launched and terminated, one turn at a time. */
import { randomUUID } from 'node:crypto';
import type { Ec2 } from '../ec2/index.ts';
import type { LaunchSpecification } from '../ec2/instance.ts';
import { type Documents, documents } from '../wire/documents.ts';
import { AwsError, type HomeContext } from '../wire/service.ts';
import { type Group, type GroupMember, nextSteps } from './group.ts';

export interface Activity {
  readonly ActivityId: string;
  readonly AutoScalingGroupName: string;
  readonly Description: string;
  readonly Cause: string;
  readonly StartTime: string;
  readonly StatusCode: 'Successful' | 'Failed';
  readonly StatusMessage?: string;
}

export interface AutoScalingOptions {
  readonly ec2: Ec2;
  /** What a launch template says. */
  readonly specification: (launchTemplate: Group['launchTemplate']) => LaunchSpecification;
}

export interface Capacity {
  readonly groups: Documents<Group>;
  readonly members: Documents<GroupMember>;
  readonly activities: Documents<Activity>;
  /** @throws AwsError where there is no such group. */
  find(name: string): Group;
  /** @throws AwsError where no group has this instance. */
  memberOf(instanceId: string): GroupMember;
  /** @throws AwsError where it is out of the group's bounds. */
  setCapacity(name: string, desired: number): void;
  terminate(member: GroupMember, cause: string): void;
  reconcile(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

export function createCapacity(context: HomeContext, { ec2, specification }: AutoScalingOptions): Capacity {
  const groups = documents<Group>(context.database, 'autoscaling_groups');
  const members = documents<GroupMember>(context.database, 'autoscaling_instances');
  const activities = documents<Activity>(context.database, 'autoscaling_activities');
  let running = false;
  let turn: Promise<void> = Promise.resolve();

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

  function note(group: string, description: string, cause: string, failure?: string): void {
    const activity: Activity = {
      ActivityId: randomUUID(),
      AutoScalingGroupName: group,
      Description: description,
      Cause: `At ${new Date().toISOString()} ${cause}`,
      StartTime: new Date().toISOString(),
      StatusCode: failure === undefined ? 'Successful' : 'Failed',
      ...(failure !== undefined && { StatusMessage: failure }),
    };
    activities.put(activity.ActivityId, activity);
    context.log(`${group}: ${description}: ${cause}${failure ? `: ${failure}` : ''}`);
  }

  /** One turn at a time, so that two causes never launch for the same gap. */
  function reconcile(): Promise<void> {
    turn = turn.then(() => {
      if (running) for (const group of groups.all()) step(group);
    });
    return turn;
  }

  function step(group: Group): void {
    const mine = members.all().filter(({ group: name }) => name === group.name);
    const next = nextSteps(group, mine);
    for (const { instanceId, cause } of next.terminate) terminate(memberOf(instanceId), cause);
    for (const zone of next.launch) launch(group, zone);
  }

  function launch(group: Group, zone: string): void {
    const subnet = group.subnets.find((candidate) => candidate.zone === zone);
    if (subnet === undefined) return;
    const template = specification(group.launchTemplate);
    const tags = { ...template.tags, ...group.tags, 'aws:autoscaling:groupName': group.name };
    try {
      const instance = ec2.launch({ ...template, tags }, subnet);
      const { instanceType } = template;
      const { launchTemplate } = group;
      members.put(instance.instanceId, {
        instanceId: instance.instanceId,
        group: group.name,
        zone,
        lifecycleState: 'Pending',
        health: 'Healthy',
        instanceType,
        launchTemplate,
      });
      note(
        group.name,
        `Launching a new EC2 instance: ${instance.instanceId}`,
        'the group has fewer instances than its desired capacity',
      );
    } catch (error) {
      note(
        group.name,
        'Launching a new EC2 instance',
        'the group has fewer instances than its desired capacity',
        (error as Error).message,
      );
    }
  }

  ec2.onChange((instance) => {
    const member = members.get(instance.instanceId);
    if (member === null) return;
    if (instance.state === 'terminated') members.delete(instance.instanceId);
    else if (instance.state === 'shutting-down')
      members.put(instance.instanceId, { ...member, lifecycleState: 'Terminating' });
    else if (instance.state === 'running' && member.lifecycleState === 'Pending') {
      members.put(instance.instanceId, { ...member, lifecycleState: 'InService' });
    } else return;
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
    note(member.group, `Terminating EC2 instance: ${member.instanceId}`, cause);
    members.put(member.instanceId, { ...member, lifecycleState: 'Terminating' });
    void ec2.terminate(member.instanceId, 'Auto Scaling');
  }

  return {
    groups,
    members,
    activities,
    find,
    memberOf,
    setCapacity,
    terminate,
    reconcile,
    start() {
      running = true;
      for (const instance of ec2.instances()) {
        if (instance.state === 'terminated') members.delete(instance.instanceId);
      }
      void reconcile();
    },
    async stop() {
      running = false;
      await turn;
    },
  };
}
