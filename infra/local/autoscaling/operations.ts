/** The operations of the Auto Scaling API. */
import { randomUUID } from 'node:crypto';
import { AwsError, type Service } from '../wire/service.ts';
import { groupToApi, matches, memberToApi, type TagFilter } from './api.ts';
import type { Capacity } from './capacity.ts';
import { type Group, isTerminating } from './group.ts';
import { type PageInput, paged } from './pages.ts';

interface DescribeGroupsInput extends PageInput {
  readonly AutoScalingGroupNames?: readonly string[];
  readonly Filters?: readonly TagFilter[];
}

interface UpdateInput {
  readonly AutoScalingGroupName: string;
  readonly MinSize?: number;
  readonly MaxSize?: number;
  readonly DesiredCapacity?: number;
}

export function autoScalingOperations(capacity: Capacity): Service['operations'] {
  const { groups, members, activities, find, memberOf, setCapacity, terminate, reconcile } = capacity;
  return {
    DescribeAutoScalingGroups: (input: DescribeGroupsInput) => {
      const { AutoScalingGroupNames: names, Filters = [] } = input;
      const chosen = groups
        .all()
        .filter((group) => (names === undefined || names.includes(group.name)) && matches(group, Filters));
      const { items, NextToken } = paged(chosen, ({ name }) => name, input, { usual: 50, most: 100 });
      return { AutoScalingGroups: items.map((group) => groupToApi(group, members.all())), NextToken };
    },
    DescribeAutoScalingInstances: (input: PageInput & { InstanceIds?: readonly string[] }) => {
      const { InstanceIds: ids } = input;
      const chosen = members.all().filter(({ instanceId }) => ids === undefined || ids.includes(instanceId));
      const { items, NextToken } = paged(chosen, ({ instanceId }) => instanceId, input, { usual: 50, most: 50 });
      const instances = items.map((member) => ({
        ...memberToApi(member),
        AutoScalingGroupName: member.group,
        HealthStatus: member.health.toUpperCase(),
      }));
      return { AutoScalingInstances: instances, NextToken };
    },
    DescribeScalingActivities: (input: PageInput & { AutoScalingGroupName?: string }) => {
      const { AutoScalingGroupName: group } = input;
      const chosen = activities
        .all()
        .filter((activity) => group === undefined || activity.AutoScalingGroupName === group);
      const newestFirst = [...chosen].reverse();
      const { items, NextToken } = paged(newestFirst, ({ ActivityId }) => ActivityId, input, { usual: 100, most: 100 });
      const Activities = items.map((activity) => ({
        ...activity,
        StartTime: new Date(activity.StartTime),
        EndTime: new Date(activity.StartTime),
        Progress: 100,
      }));
      return { Activities, NextToken };
    },
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
      const cause = 'instance was taken out of service in response to a user request';
      capacity.atomically(() => {
        if (input.ShouldDecrementDesiredCapacity && !isTerminating(member)) decrement(groups, group);
        terminate(member, cause);
      });
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
  };
}

/** @throws AwsError where the group would be smaller than its min size. */
export function decrement(groups: Capacity['groups'], group: Group): void {
  if (group.desiredCapacity <= group.minSize) {
    throw new AwsError(
      'ValidationError',
      `Currently, desiredSize equals minSize (${group.minSize}). Terminating instance without replacement will violate group's min size constraint.`,
    );
  }
  groups.put(group.name, { ...group, desiredCapacity: group.desiredCapacity - 1 });
}
