/** Instances that leave service for a while and come back, and are not replaced or checked meanwhile. */
import { randomUUID } from 'node:crypto';
import type { Ec2 } from '../ec2/index.ts';
import { AwsError, type Service } from '../wire/service.ts';
import type { Capacity } from './capacity.ts';
import type { GroupMember, LifecycleState } from './group.ts';
import { decrement } from './operations.ts';

interface StandbyInput {
  readonly AutoScalingGroupName?: string;
  readonly InstanceIds?: readonly string[];
  readonly ShouldDecrementDesiredCapacity?: boolean;
}

export function standbyOperations(capacity: Capacity, ec2: Ec2): Service['operations'] {
  const { groups, members, find, reconcile, lifecycle } = capacity;

  function chosen({ AutoScalingGroupName = '', InstanceIds = [] }: StandbyInput, state: LifecycleState): GroupMember[] {
    return InstanceIds.map(capacity.memberOf).map((member) => {
      if (member.group === AutoScalingGroupName && member.lifecycleState === state) return member;
      const is = `is in ${member.group} and ${member.lifecycleState}`;
      throw new AwsError(
        'ValidationError',
        `The instance ${member.instanceId} ${is}, not in ${AutoScalingGroupName} and ${state}.`,
      );
    });
  }

  return {
    EnterStandby: (input: StandbyInput) => {
      const { name } = find(input.AutoScalingGroupName ?? '');
      const entering = chosen(input, 'InService');
      capacity.atomically(() => {
        for (const member of entering) {
          if (input.ShouldDecrementDesiredCapacity) decrement(groups, find(name));
          ec2.announce(member.instanceId, { targetLifecycleState: 'Standby' });
          members.put(member.instanceId, { ...member, lifecycleState: 'Standby' });
        }
      });
      void reconcile();
      return { Activities: entering.map((member) => activityOf(member, 'Moving EC2 instance to Standby')) };
    },
    ExitStandby: (input: StandbyInput) => {
      const group = find(input.AutoScalingGroupName ?? '');
      const leaving = chosen(input, 'Standby');
      const desiredCapacity = group.desiredCapacity + leaving.length;
      if (desiredCapacity > group.maxSize) {
        throw new AwsError(
          'ValidationError',
          `The desired capacity would be ${desiredCapacity}, more than the max size ${group.maxSize}.`,
        );
      }
      capacity.atomically(() => {
        groups.put(group.name, { ...group, desiredCapacity });
        for (const member of leaving) {
          const pending = { ...member, lifecycleState: 'Pending' } as const;
          members.put(member.instanceId, pending);
          lifecycle.launched(pending);
        }
      });
      return { Activities: leaving.map((member) => activityOf(member, 'Moving EC2 instance out of Standby')) };
    },
  };
}

function activityOf({ instanceId, group }: GroupMember, what: string) {
  return {
    ActivityId: randomUUID(),
    AutoScalingGroupName: group,
    Description: `${what}: ${instanceId}`,
    Cause: 'in response to a user request',
    StartTime: new Date(),
    StatusCode: 'InProgress',
    Progress: 50,
  };
}
