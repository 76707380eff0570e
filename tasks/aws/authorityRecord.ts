/** The items of the certificate authority, in their own partition of the record's table. */
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import {
  authorityPartition,
  type CertificateAuthorityRecord,
  type ClientCertificateRecord,
} from '#etcd/authorityRecord.ts';
import { environment } from './environment.ts';
import { unlessConditionFails } from './record.ts';

const client = new DynamoDBClient({ maxAttempts: 8 });
const partition = () => authorityPartition(environment('CLUSTER'));

export async function readAuthority(): Promise<CertificateAuthorityRecord | null> {
  const Key = marshall({ cluster: partition(), item: 'certificates' });
  const get = new GetItemCommand({ TableName: environment('TABLE'), Key, ConsistentRead: true });
  const { Item } = await client.send(get);
  return Item === undefined ? null : (unmarshall(Item) as CertificateAuthorityRecord);
}

/** Writes it where it is still as it was read; says whether it did. */
export function replaceAuthority(
  before: CertificateAuthorityRecord | null,
  certificates: CertificateAuthorityRecord['certificates'],
): Promise<boolean> {
  const revision = (before?.revision ?? 0) + 1;
  const after: CertificateAuthorityRecord = { cluster: partition(), item: 'certificates', revision, certificates };
  const put = new PutItemCommand({
    TableName: environment('TABLE'),
    Item: marshall(after, { removeUndefinedValues: true }),
    ...(before === null
      ? { ConditionExpression: 'attribute_not_exists(#item)', ExpressionAttributeNames: { '#item': 'item' } }
      : {
          ConditionExpression: '#revision = :revision',
          ExpressionAttributeNames: { '#revision': 'revision' },
          ExpressionAttributeValues: marshall({ ':revision': before.revision }),
        }),
  });
  return unlessConditionFails(client.send(put));
}

/** Notes a client's certificate for as long as it may be in use. */
export async function noteClient(issued: Omit<ClientCertificateRecord, 'cluster' | 'item'>): Promise<void> {
  const item = `client#${issued.notAfter}#${issued.serial}`;
  const record: ClientCertificateRecord = { ...issued, cluster: partition(), item };
  await client.send(new PutItemCommand({ TableName: environment('TABLE'), Item: marshall(record) }));
}

/** Clients' certificates that have not ended, the first to end first. @param now ISO 8601 */
export async function readClients(now: string): Promise<readonly ClientCertificateRecord[]> {
  const query = {
    TableName: environment('TABLE'),
    KeyConditionExpression: '#cluster = :cluster AND #item BETWEEN :now AND :last',
    ExpressionAttributeNames: { '#cluster': 'cluster', '#item': 'item' },
    ExpressionAttributeValues: marshall({ ':cluster': partition(), ':now': `client#${now}`, ':last': 'client#~' }),
    ConsistentRead: true,
  };
  const found: ClientCertificateRecord[] = [];
  for (let from: Record<string, never> | undefined; ; ) {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({ ...query, ...(from && { ExclusiveStartKey: from }) }),
    );
    found.push(...Items.map((item) => unmarshall(item) as ClientCertificateRecord));
    if (LastEvaluatedKey === undefined) return found;
    from = LastEvaluatedKey as Record<string, never>;
  }
}
