/** The operation lock, read from the cluster record as anybody else would read it. */
import { DynamoDBClient, type DynamoDBClientConfig, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { LockRecord } from '#etcd/record.ts';

/**
 * @param outputs of the stack; empty while it is being deployed
 * @returns null where it was never taken, undefined where it cannot be read
 */
export function lockReader(
  client: DynamoDBClientConfig,
  outputs: () => Readonly<Record<string, string>>,
): () => Promise<LockRecord | null | undefined> {
  const table = new DynamoDBClient(client);
  return async () => {
    const { TableName, ClusterName: cluster } = outputs();
    if (TableName === undefined || cluster === undefined) return undefined;
    const Key = marshall({ cluster, item: 'lock' });
    try {
      const { Item } = await table.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      return Item === undefined ? null : (unmarshall(Item) as LockRecord);
    } catch {
      return undefined;
    }
  };
}
