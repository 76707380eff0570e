/**
 * What `npm run status` reads through AWS's API, of a real account or of the home on this machine. Region, credentials and
 * endpoint are those of the process's environment, as for any AWS tool.
 */
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ClusterSettings } from '#etcd/record.ts';
import type { ExecutionFacts, GroupFacts } from './facts.ts';

/** @throws Error where the group is not there */
export async function groupFacts(
  region: string,
  name: string,
): Promise<Omit<GroupFacts, 'instances'> & { region: string; instances: GroupInstance[] }> {
  const { AutoScalingGroups } = await new AutoScalingClient({ region }).send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
  );
  const group = AutoScalingGroups?.[0];
  if (group === undefined) throw new Error(`the Auto Scaling group ${name} does not exist in ${region}`);
  return {
    region,
    name,
    desired: group.DesiredCapacity ?? 0,
    instances: (group.Instances ?? []).map(({ InstanceId = '', AvailabilityZone = '', LifecycleState = '' }) => ({
      instanceId: InstanceId,
      zone: AvailabilityZone,
      lifecycleState: LifecycleState,
    })),
    suspended: (group.SuspendedProcesses ?? []).map(({ ProcessName = '', SuspensionReason = '' }) => ({
      process: ProcessName,
      reason: SuspensionReason,
    })),
  };
}

interface GroupInstance {
  readonly instanceId: string;
  readonly zone: string;
  readonly lifecycleState: string;
}

export async function readSettings(TableName: string, cluster: string): Promise<ClusterSettings | null> {
  const Key = marshall({ cluster, item: 'settings' });
  const { Item } = await new DynamoDBClient({}).send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  return Item === undefined ? null : (unmarshall(Item) as ClusterSettings);
}

/** Newest first. */
export async function lastExecutions(stateMachineArn: string, most: number): Promise<readonly ExecutionFacts[]> {
  const command = new ListExecutionsCommand({ stateMachineArn, maxResults: most });
  const { executions = [] } = await new SFNClient({}).send(command);
  return executions.map(({ name = '', status = '', startDate, stopDate }) => ({
    machine: stateMachineArn.split(':').at(-1) ?? '',
    name,
    status,
    startedAt: startDate?.toISOString() ?? '',
    stoppedAt: stopDate?.toISOString() ?? null,
  }));
}
