/**
 * Auto Scaling: groups that keep their desired capacity by launching and terminating instances of the local EC2. What it
 * does not do: scaling policies, lifecycle hooks, warm pools, instance refresh, mixed instances, grace periods.
 */
import { randomUUID } from 'node:crypto';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { type AutoScalingOptions, createCapacity } from './capacity.ts';
import type { Group } from './group.ts';
import { autoScalingOperations } from './operations.ts';

export interface AutoScaling extends Service {
  createGroup(group: Omit<Group, 'arn' | 'createdAt' | 'deleting'>): Group;
  updateGroup(name: string, changes: Partial<Group>): Group;
  /** Terminates its instances and removes it. */
  deleteGroup(name: string): Promise<void>;
  start(): void;
  /** Stops launching and terminating; the instances are not touched. */
  stop(): Promise<void>;
}

export function createAutoScaling(context: HomeContext, options: AutoScalingOptions): AutoScaling {
  const capacity = createCapacity(context, options);
  const { groups, members, find, reconcile } = capacity;
  return {
    name: 'autoscaling',
    operations: autoScalingOperations(capacity),
    start: capacity.start,
    stop: capacity.stop,
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
      await Promise.all(mine.map(({ instanceId }) => options.ec2.terminate(instanceId, 'Auto Scaling')));
      groups.delete(name);
    },
  };
}
