/**
 * Auto Scaling: groups that keep their desired capacity by launching and terminating instances of the local EC2. What it
 * does not do: scaling policies, notifications of lifecycle hooks, warm pools, instance maintenance policies, mixed
 * instances, grace periods, rebalancing of zones. TerminateInstanceInAutoScalingGroup works while Terminate is suspended:
 * that suspends what the group does by itself. An instance refresh has no checkpoints, bake time, alarms, rollback or other
 * configuration than the group's, never fails, and waits for instances in standby without an end.
 */
import { randomUUID } from 'node:crypto';
import { AwsError, type HomeContext, type Service } from '../wire/service.ts';
import { type AutoScalingOptions, createCapacity } from './capacity.ts';
import type { Group } from './group.ts';
import { deleteHook, hookOperations, putHook } from './hookOperations.ts';
import type { HookInput } from './hooks.ts';
import { autoScalingOperations } from './operations.ts';
import { processOperations } from './processes.ts';
import { refreshOperations } from './refreshes.ts';
import { standbyOperations } from './standby.ts';

export interface AutoScaling extends Service {
  createGroup(group: Omit<Group, 'arn' | 'createdAt' | 'deleting'>): Group;
  updateGroup(name: string, changes: Partial<Group>): Group;
  /** Terminates its instances, through its hooks, and removes it. */
  deleteGroup(name: string): Promise<void>;
  /** Makes or changes a hook. @throws AwsError where something in it is not allowed. */
  putHook(input: HookInput): void;
  /** What waits for it goes on. @throws AwsError where there is no such hook. */
  deleteHook(group: string, name: string): void;
  /** Null where there is none of this name. */
  group(name: string): Group | null;
  /** Name of the group that an instance is in; null where it is in none. */
  groupOf(instanceId: string): string | null;
  start(): void;
  /** Stops launching and terminating; the instances are not touched. */
  stop(): Promise<void>;
}

export function createAutoScaling(context: HomeContext, options: AutoScalingOptions): AutoScaling {
  const capacity = createCapacity(context, options);
  const { groups, find, reconcile } = capacity;
  return {
    name: 'autoscaling',
    operations: {
      ...autoScalingOperations(capacity),
      ...hookOperations(capacity),
      ...processOperations(capacity),
      ...refreshOperations(capacity),
      ...standbyOperations(capacity, options.ec2),
    },
    group: (name) => groups.get(name),
    groupOf: (instanceId) => capacity.members.get(instanceId)?.group ?? null,
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
    deleteGroup(name) {
      groups.put(name, { ...find(name), deleting: true });
      return capacity.deleted(name);
    },
    putHook: (input) => putHook(capacity, input),
    deleteHook: (group, name) => deleteHook(capacity, group, name),
  };
}
