/** The cluster's Auto Scaling group. */
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import type { GroupInstance } from '../plan/members.ts';
import { environment } from './environment.ts';

const client = new AutoScalingClient({});

/** Its instances as Auto Scaling knows them. @throws Error where the group is not there. */
export async function instancesOfGroup(): Promise<readonly GroupInstance[]> {
  const name = environment('GROUP');
  const { AutoScalingGroups } = await client.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  const group = AutoScalingGroups?.[0];
  if (group === undefined) throw new Error(`the Auto Scaling group ${name} does not exist`);
  return (group.Instances ?? []).map((instance) => ({
    instanceId: instance.InstanceId ?? '',
    zone: instance.AvailabilityZone ?? '',
    lifecycleState: instance.LifecycleState ?? '',
    health: instance.HealthStatus ?? '',
  }));
}
