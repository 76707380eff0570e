/** The cluster's Auto Scaling groups: one of the same name in each of its regions. */
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { DescribedGroup } from '../plan/certificateInstance.ts';
import type { GroupState } from '../plan/group.ts';
import { environment } from './environment.ts';
import { perRegion, regions } from './regions.ts';

/** Auto Scaling's calls share one rate per account, so more attempts than usual. */
const client = perRegion((region) => new AutoScalingClient({ region, maxAttempts: 6 }));

/** Of each region, home first. @throws Error where one of them does not answer: nothing is decided from half of a cluster */
export function readGroups(): Promise<readonly GroupState[]> {
  return Promise.all(regions().map(readGroup));
}

/** @throws Error where the group is not there, or the answer has no capacity. */
export async function readGroup(region: string): Promise<GroupState> {
  const group = await findGroup(region);
  if (group === null) throw new Error(`the Auto Scaling group ${environment('GROUP')} does not exist in ${region}`);
  return group;
}

/** Null where the region has none. @throws Error where the answer has no capacity */
export async function findGroup(region: string): Promise<GroupState | null> {
  const name = environment('GROUP');
  const { AutoScalingGroups } = await client(region).send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  const group = AutoScalingGroups?.[0];
  if (group === undefined) return null;
  const { MinSize: minSize, MaxSize: maxSize, DesiredCapacity: desiredCapacity } = group;
  if (minSize === undefined || maxSize === undefined || desiredCapacity === undefined)
    throw new Error(`Auto Scaling's answer about ${name} in ${region} lacks its capacity`);
  return {
    region,
    name,
    minSize,
    maxSize,
    desiredCapacity,
    suspendedProcesses: (group.SuspendedProcesses ?? []).map(({ ProcessName }) => ProcessName ?? ''),
    instances: (group.Instances ?? []).map((instance) => ({
      instanceId: instance.InstanceId ?? '',
      zone: instance.AvailabilityZone ?? '',
      lifecycleState: instance.LifecycleState ?? '',
      health: instance.HealthStatus ?? '',
    })),
  };
}

/** Where a region's group launches instances, and like what. */
export interface Placement {
  readonly subnetIds: readonly string[];
  readonly template: { readonly id: string; readonly version: string };
}

/** @throws Error where the group is not there, or has no launch template */
export async function readPlacement(region: string): Promise<Placement> {
  const name = environment('GROUP');
  const { AutoScalingGroups } = await client(region).send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  const { VPCZoneIdentifier = '', LaunchTemplate } = AutoScalingGroups?.[0] ?? {};
  const { LaunchTemplateId: id, Version: version = '$Default' } = LaunchTemplate ?? {};
  if (id === undefined) throw new Error(`the Auto Scaling group ${name} in ${region} has no launch template`);
  return { subnetIds: VPCZoneIdentifier.split(','), template: { id, version } };
}

/** Any group of a region, by its name; null where there is none. */
export async function describeGroup(region: string, name: string): Promise<DescribedGroup | null> {
  const { AutoScalingGroups } = await client(region).send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  const group = AutoScalingGroups?.[0];
  if (group === undefined) return null;
  return {
    tags: Object.fromEntries((group.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    instanceIds: (group.Instances ?? []).map(({ InstanceId }) => InstanceId ?? ''),
  };
}

/** At once, whatever cooldown the group has. */
export async function setDesiredCapacity(region: string, DesiredCapacity: number): Promise<void> {
  const AutoScalingGroupName = environment('GROUP');
  await client(region).send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity, HonorCooldown: false }),
  );
}

/**
 * Terminates an instance through the group's hooks.
 * @param lowers whether the desired capacity falls by one, so that nobody replaces it
 */
export async function terminateInstance(region: string, InstanceId: string, lowers = true): Promise<void> {
  await client(region).send(
    new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: lowers }),
  );
}

/** None: nothing is done, where Auto Scaling would take it for all. */
export async function suspendProcesses(region: string, processes: readonly string[]): Promise<void> {
  if (processes.length === 0) return;
  await client(region).send(new SuspendProcessesCommand(ofGroup(processes)));
}

/** None: nothing is done, where Auto Scaling would take it for all. */
export async function resumeProcesses(region: string, processes: readonly string[]): Promise<void> {
  if (processes.length === 0) return;
  await client(region).send(new ResumeProcessesCommand(ofGroup(processes)));
}

function ofGroup(processes: readonly string[]) {
  return { AutoScalingGroupName: environment('GROUP'), ScalingProcesses: [...processes] };
}
