/** What an agent reads and does about a rotation that was left behind. */
import type { RotationRecord } from '#etcd/record.ts';
import type { Aws } from './aws.ts';
import { type Attribute, attributesOf, plain } from './dynamoAttributes.ts';
import type { Identity } from './metadata.ts';

export interface RotationAccess {
  /** Item `rotation`; null where no instance was ever rotated. */
  read(): Promise<RotationRecord | null>;
  /** @param region the group's */
  resumeProcesses(region: string, group: string, processes: readonly string[]): Promise<void>;
}

export function createRotationAccess(aws: Aws, { cluster, table }: Identity): RotationAccess {
  return {
    async read() {
      const input = { TableName: table, Key: attributesOf({ cluster, item: 'rotation' }), ConsistentRead: true };
      const { Item } = await aws.call('dynamodb', 'DynamoDB_20120810.GetItem', input);
      return Item === undefined ? null : (plain({ M: Item as Record<string, Attribute> }) as RotationRecord);
    },
    async resumeProcesses(region, group, processes) {
      const named = processes.map((name, index) => [`ScalingProcesses.member.${index + 1}`, name]);
      await aws.query('autoscaling', region, 'ResumeProcesses', {
        AutoScalingGroupName: group,
        ...Object.fromEntries(named),
      });
    },
  };
}
