/** What the certificate signer counts in the cluster record. */
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { environment } from './environment.ts';
import { unlessConditionFails } from './record.ts';

const client = new DynamoDBClient({ maxAttempts: 8 });

/**
 * Counts a request of an instance; false where it had its most within this hour.
 * @param hour ISO 8601
 */
export async function countRequest(instanceId: string, hour: string, most: number): Promise<boolean> {
  const key = keyOf(`certificates#${instanceId}`);
  const names = { '#hour': 'hour', '#requests': 'requests' };
  const another = new UpdateItemCommand({
    ...key,
    UpdateExpression: 'SET #requests = #requests + :one',
    ConditionExpression: '#hour = :hour AND #requests < :most',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: marshall({ ':one': 1, ':hour': hour, ':most': most }),
  });
  if (await unlessConditionFails(client.send(another))) return true;
  const first = new UpdateItemCommand({
    ...key,
    UpdateExpression: 'SET #hour = :hour, #requests = :one',
    ConditionExpression: 'attribute_not_exists(#hour) OR #hour <> :hour',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: marshall({ ':one': 1, ':hour': hour }),
  });
  return unlessConditionFails(client.send(first));
}

export interface Refusal {
  readonly code: string;
  readonly why: string;
  /** ARN of the caller, or what it said that it was. */
  readonly who: string;
  /** ISO 8601 */
  readonly at: string;
}

/** One item for each reason and hour, however many there are. @param hour ISO 8601 */
export async function countRefusal({ code, why, who, at }: Refusal, hour: string): Promise<void> {
  await client.send(
    new UpdateItemCommand({
      ...keyOf(`audit#${hour}#certificate-refused-${code}`),
      UpdateExpression: 'SET #at = :hour, #who = :who, #what = :what, #why = :why, #lastAt = :at ADD #refusals :one',
      ExpressionAttributeNames: {
        '#at': 'at',
        '#who': 'who',
        '#what': 'what',
        '#why': 'why',
        '#lastAt': 'lastAt',
        '#refusals': 'refusals',
      },
      ExpressionAttributeValues: marshall({
        ':hour': hour,
        ':who': who,
        ':what': `refused certificates: ${code}`,
        ':why': why,
        ':at': at,
        ':one': 1,
      }),
    }),
  );
}

function keyOf(item: string) {
  return { TableName: environment('TABLE'), Key: marshall({ cluster: environment('CLUSTER'), item }) };
}
