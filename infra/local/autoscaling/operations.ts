/** The operations of the Auto Scaling API. */
import { randomUUID } from 'node:crypto';
import { AwsError, type Service } from '../wire/service.ts';
import { groupToApi, memberToApi } from './api.ts';
import type { Capacity } from './capacity.ts';

interface UpdateInput {
  readonly AutoScalingGroupName: string;
  readonly MinSize?: number;
  readonly MaxSize?: number;
  readonly DesiredCapacity?: number;
}

export function autoScalingOperations(capacity: Capacity): Service['operations'] {
  const { groups, members, activities, find, memberOf, setCapacity, terminate, reconcile } = capacity;
  return {
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
      terminate(member, cause);
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
