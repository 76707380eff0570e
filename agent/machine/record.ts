/** The cluster record as an agent reads it, and the one item it writes. */
import type { BootstrapRecord, StartedRecord } from '#etcd/record.ts';
import { type Aws, AwsCallError } from './aws.ts';
import type { Identity } from './metadata.ts';

export interface ClusterRecord {
  readBootstrap(): Promise<BootstrapRecord | null>;
  readStarted(member: string): Promise<StartedRecord | null>;
  /** Writes the claim unless another one is there; says whether this one is there now. */
  claimStart(member: string, claim: string): Promise<boolean>;
}

type Attribute =
  | { S: string }
  | { N: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { L: Attribute[] }
  | { M: Record<string, Attribute> };

export function createRecord(aws: Aws, { cluster, table }: Identity): ClusterRecord {
  async function get<Item>(item: string): Promise<Item | null> {
    const input = { TableName: table, Key: { cluster: { S: cluster }, item: { S: item } }, ConsistentRead: true };
    const { Item } = await aws.call('dynamodb', 'DynamoDB_20120810.GetItem', input);
    return Item === undefined ? null : (plain({ M: Item as Record<string, Attribute> }) as Item);
  }

  return {
    readBootstrap: () => get<BootstrapRecord>('bootstrap'),
    readStarted: (member) => get<StartedRecord>(`started#${member}`),
    async claimStart(member, claim) {
      const input = {
        TableName: table,
        Item: {
          cluster: { S: cluster },
          item: { S: `started#${member}` },
          claim: { S: claim },
          claimedAt: { S: new Date().toISOString() },
        },
        ConditionExpression: 'attribute_not_exists(#item) OR #claim = :claim',
        ExpressionAttributeNames: { '#item': 'item', '#claim': 'claim' },
        ExpressionAttributeValues: { ':claim': { S: claim } },
      };
      try {
        await aws.call('dynamodb', 'DynamoDB_20120810.PutItem', input);
        return true;
      } catch (error) {
        if (error instanceof AwsCallError && error.code === 'ConditionalCheckFailedException') return false;
        throw error;
      }
    },
  };
}

/** DynamoDB's tagged values as plain ones, as far as the record has them. */
function plain(attribute: Attribute): unknown {
  if ('S' in attribute) return attribute.S;
  if ('N' in attribute) return Number(attribute.N);
  if ('BOOL' in attribute) return attribute.BOOL;
  if ('L' in attribute) return attribute.L.map(plain);
  if ('M' in attribute)
    return Object.fromEntries(Object.entries(attribute.M).map(([name, value]) => [name, plain(value)]));
  return null;
}
