/**
 * Auto Scaling: groups that keep their desired capacity by launching and terminating instances of the local EC2. What it
 * does not do: scaling policies, lifecycle hooks, warm pools, instance refresh, mixed instances, grace periods.
 */
import { randomUUID } from 'node:crypto';
import type { Ec2 } from '../ec2/index.ts';
import type { LaunchSpecification } from '../ec2/instance.ts';
import { documents } from '../wire/documents.ts';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { type Group, type GroupMember, nextSteps } from './group.ts';

export interface AutoScaling extends Service {
  createGroup(group: Omit<Group, 'arn' | 'createdAt' | 'deleting'>): Group;
  updateGroup(name: string, changes: Partial<Group>): Group;
  /** Terminates its instances and removes it. */
  deleteGroup(name: string): Promise<void>;
  start(): void;
  /** Stops launching and terminating; the instances are not touched. */
  stop(): Promise<void>;
}

interface Activity {
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

export function createAutoScaling(context: HomeContext, { ec2, specification }: AutoScalingOptions): AutoScaling {
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
    for (const { instanceId, cause } of next.terminate) {
      note(group.name, `Terminating EC2 instance: ${instanceId}`, cause);
      members.put(instanceId, { ...memberOf(instanceId), lifecycleState: 'Terminating' });
      void ec2.terminate(instanceId, 'Auto Scaling');
    }
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

  return {
    name: 'autoscaling',
    createGroup(given) {
      if (groups.get(given.name) !== null)
        throw new AwsError('AlreadyExists', `AutoScalingGroup by this name already exists: ${given.name}`);
      const arn = `arn:aws:autoscaling:${context.region}:${context.account}:autoScalingGroup:${randomUUID()}:autoScalingGroupName/${given.name}`;
      const group: Group = { ...given, arn, createdAt: new Date().toISOString(), deleting: false };
      groups.put(group.name, group);
      void reconcile();
      return group;
    },
    updateGroup(name, changes) {
      const group = { ...find(name), ...changes };
      groups.put(name, group);
      void reconcile();
      return group;
    },
    async deleteGroup(name) {
      groups.put(name, { ...find(name), deleting: true });
      await reconcile();
      const mine = members.all().filter(({ group }) => group === name);
      await Promise.all(mine.map(({ instanceId }) => ec2.terminate(instanceId, 'Auto Scaling')));
      groups.delete(name);
    },
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
    operations: {
      DescribeAutoScalingGroups: ({ AutoScalingGroupNames }: { AutoScalingGroupNames?: readonly string[] }) => ({
        AutoScalingGroups: groups
          .all()
          .filter(({ name }) => AutoScalingGroupNames === undefined || AutoScalingGroupNames.includes(name))
          .map((group) => groupToApi(group, members.all())),
      }),
      DescribeAutoScalingInstances: ({ InstanceIds }: { InstanceIds?: readonly string[] }) => ({
        AutoScalingInstances: members
          .all()
          .filter(({ instanceId }) => InstanceIds === undefined || InstanceIds.includes(instanceId))
          .map((member) => ({
            ...memberToApi(member),
            AutoScalingGroupName: member.group,
            HealthStatus: member.health.toUpperCase(),
          })),
      }),
      DescribeScalingActivities: ({ AutoScalingGroupName }: { AutoScalingGroupName?: string }) => ({
        Activities: activities
          .all()
          .filter(
            (activity) => AutoScalingGroupName === undefined || activity.AutoScalingGroupName === AutoScalingGroupName,
          )
          .map((activity) => ({
            ...activity,
            StartTime: new Date(activity.StartTime),
            EndTime: new Date(activity.StartTime),
            Progress: 100,
          }))
          .reverse(),
      }),
      SetDesiredCapacity: ({
        AutoScalingGroupName,
        DesiredCapacity,
      }: {
        AutoScalingGroupName: string;
        DesiredCapacity: number;
      }) => setCapacity(AutoScalingGroupName, DesiredCapacity),
      UpdateAutoScalingGroup: (input: UpdateInput) => {
        const group = find(input.AutoScalingGroupName);
        const changed = { ...group, minSize: input.MinSize ?? group.minSize, maxSize: input.MaxSize ?? group.maxSize };
        groups.put(group.name, changed);
        setCapacity(
          group.name,
          input.DesiredCapacity ?? Math.min(Math.max(group.desiredCapacity, changed.minSize), changed.maxSize),
        );
      },
      SetInstanceHealth: ({
        InstanceId,
        HealthStatus,
      }: {
        InstanceId: string;
        HealthStatus: 'Healthy' | 'Unhealthy';
      }) => {
        if (HealthStatus !== 'Healthy' && HealthStatus !== 'Unhealthy') {
          throw new AwsError('ValidationError', `HealthStatus is '${HealthStatus}'; allowed: Healthy, Unhealthy`);
        }
        members.put(InstanceId, { ...memberOf(InstanceId), health: HealthStatus });
        void reconcile();
      },
      TerminateInstanceInAutoScalingGroup: (input: { InstanceId: string; ShouldDecrementDesiredCapacity: boolean }) => {
        const member = memberOf(input.InstanceId);
        const group = find(member.group);
        if (input.ShouldDecrementDesiredCapacity) {
          if (group.desiredCapacity <= group.minSize) {
            throw new AwsError(
              'ValidationError',
              `Currently, desiredSize equals minSize (${group.minSize}). Terminating instance without replacement will violate group's min size constraint.`,
            );
          }
          groups.put(group.name, { ...group, desiredCapacity: group.desiredCapacity - 1 });
        }
        const cause = 'instance was taken out of service in response to a user request';
        note(group.name, `Terminating EC2 instance: ${member.instanceId}`, cause);
        members.put(member.instanceId, { ...member, lifecycleState: 'Terminating' });
        void ec2.terminate(member.instanceId, 'Auto Scaling');
        void reconcile();
        return {
          Activity: {
            ActivityId: randomUUID(),
            AutoScalingGroupName: group.name,
            Description: `Terminating EC2 instance: ${member.instanceId}`,
            Cause: cause,
            StartTime: new Date(),
            StatusCode: 'InProgress',
            Progress: 0,
          },
        };
      },
    },
  };
}

interface UpdateInput {
  readonly AutoScalingGroupName: string;
  readonly MinSize?: number;
  readonly MaxSize?: number;
  readonly DesiredCapacity?: number;
}

function groupToApi(group: Group, members: readonly GroupMember[]): Record<string, unknown> {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    DefaultCooldown: 300,
    AvailabilityZones: group.subnets.map(({ zone }) => zone),
    VPCZoneIdentifier: group.subnets.map(({ subnetId }) => subnetId).join(','),
    HealthCheckType: 'EC2',
    LaunchTemplate: templateToApi(group.launchTemplate),
    CreatedTime: new Date(group.createdAt),
    Instances: members
      .filter(({ group: name }) => name === group.name)
      .map((member) => ({ ...memberToApi(member), HealthStatus: member.health })),
    Tags: Object.entries(group.tags).map(([Key, Value]) => ({
      Key,
      Value,
      ResourceId: group.name,
      ResourceType: 'auto-scaling-group',
      PropagateAtLaunch: true,
    })),
    ...(group.deleting && { Status: 'Delete in progress' }),
  };
}

function memberToApi(member: GroupMember): Record<string, unknown> {
  return {
    InstanceId: member.instanceId,
    InstanceType: member.instanceType,
    AvailabilityZone: member.zone,
    LifecycleState: member.lifecycleState,
    LaunchTemplate: templateToApi(member.launchTemplate),
    ProtectedFromScaleIn: false,
  };
}

function templateToApi({ id, name, version }: Group['launchTemplate']): Record<string, string> {
  return { LaunchTemplateId: id, LaunchTemplateName: name, Version: version };
}
