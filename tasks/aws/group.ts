/** The cluster's Auto Scaling group. */
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { GroupState } from '../plan/group.ts';
import type { GroupInstance } from '../plan/members.ts';
import { environment } from './environment.ts';

/** Auto Scaling's calls share one rate per account, so more attempts than usual. */
const client = new AutoScalingClient({ maxAttempts: 6 });

/** Its instances as Auto Scaling knows them. @throws Error where the group is not there. */
export async function instancesOfGroup(): Promise<readonly GroupInstance[]> {
  return (await readGroup()).instances;
}

/** @throws Error where the group is not there, or the answer has no capacity. */
export async function readGroup(): Promise<GroupState> {
  const name = environment('GROUP');
  const { AutoScalingGroups } = await client.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  const group = AutoScalingGroups?.[0];
  if (group === undefined) throw new Error(`the Auto Scaling group ${name} does not exist`);
  const { MinSize: minSize, MaxSize: maxSize, DesiredCapacity: desiredCapacity } = group;
  if (minSize === undefined || maxSize === undefined || desiredCapacity === undefined)
    throw new Error(`Auto Scaling's answer about ${name} lacks its capacity`);
  return {
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

/** At once, whatever cooldown the group has. */
export async function setDesiredCapacity(DesiredCapacity: number): Promise<void> {
  const AutoScalingGroupName = environment('GROUP');
  await client.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity, HonorCooldown: false }));
}

/** Terminates an instance through the group's hooks, and lowers the desired capacity by one, so that nobody replaces it. */
export async function terminateInstance(InstanceId: string): Promise<void> {
  await client.send(
    new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: true }),
  );
}

/** None: nothing is done, where Auto Scaling would take it for all. */
export async function suspendProcesses(processes: readonly string[]): Promise<void> {
  if (processes.length === 0) return;
  await client.send(new SuspendProcessesCommand(ofGroup(processes)));
}

/** None: nothing is done, where Auto Scaling would take it for all. */
export async function resumeProcesses(processes: readonly string[]): Promise<void> {
  if (processes.length === 0) return;
  await client.send(new ResumeProcessesCommand(ofGroup(processes)));
}

function ofGroup(processes: readonly string[]) {
  return { AutoScalingGroupName: environment('GROUP'), ScalingProcesses: [...processes] };
}
