/** The cluster record's items in DynamoDB. */
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type {
  AuditRecord,
  BootstrapRecord,
  ClusterSettings,
  LockRecord,
  RegionChangeRecord,
  RotationRecord,
  TimingRecord,
  TransportRecord,
  UpgradeRecord,
} from '#etcd/record.ts';
import { environment } from './environment.ts';
import { homeRegion, perRegion } from './regions.ts';

/** A table on demand grows in steps: more attempts than usual, a few seconds in all. */
const clientIn = perRegion((region) => new DynamoDBClient({ region, maxAttempts: 8 }));
const client = () => clientIn(homeRegion());
const table = () => environment('TABLE');

async function read<Item>(item: string): Promise<Item | null> {
  const Key = marshall({ cluster: environment('CLUSTER'), item });
  const { Item } = await client().send(new GetItemCommand({ TableName: table(), Key, ConsistentRead: true }));
  return Item === undefined ? null : (unmarshall(Item) as Item);
}

export function readBootstrap(): Promise<BootstrapRecord | null> {
  return read<BootstrapRecord>('bootstrap');
}

export function readLock(): Promise<LockRecord | null> {
  return read<LockRecord>('lock');
}

export function readRotation(): Promise<RotationRecord | null> {
  return read<RotationRecord>('rotation');
}

export function readUpgrade(): Promise<UpgradeRecord | null> {
  return read<UpgradeRecord>('upgrade');
}

export function readTransport(): Promise<TransportRecord | null> {
  return read<TransportRecord>('transport');
}

export function readRegionChange(): Promise<RegionChangeRecord | null> {
  return read<RegionChangeRecord>('regions');
}

export function readTiming(): Promise<TimingRecord | null> {
  return read<TimingRecord>('timing');
}

/** How fast members beat from now on. */
export async function putTiming(timing: TimingRecord): Promise<void> {
  await client().send(new PutItemCommand({ TableName: table(), Item: marshall(timing) }));
}

/** Writes it unless an operation that took the lock later has; says whether it did. */
export function writeOperation(
  record: RotationRecord | UpgradeRecord | TransportRecord | RegionChangeRecord,
): Promise<boolean> {
  const put = new PutItemCommand({
    TableName: table(),
    Item: marshall(record, { removeUndefinedValues: true }),
    ConditionExpression: 'attribute_not_exists(#item) OR #token <= :token',
    ExpressionAttributeNames: { '#item': 'item', '#token': 'token' },
    ExpressionAttributeValues: marshall({ ':token': record.token }),
  });
  return unlessConditionFails(client().send(put));
}

/** Writes the record unless there is one; says whether it did. */
export function writeBootstrapOnce(record: BootstrapRecord): Promise<boolean> {
  const put = new PutItemCommand({
    TableName: table(),
    Item: marshall(record, { removeUndefinedValues: true }),
    ConditionExpression: 'attribute_not_exists(#item)',
    ExpressionAttributeNames: { '#item': 'item' },
  });
  return unlessConditionFails(client().send(put));
}

/** Sets `createdAt` unless it is set; says whether it did. */
export function writeCreatedOnce(createdAt: string): Promise<boolean> {
  const update = new UpdateItemCommand({
    TableName: table(),
    Key: marshall({ cluster: environment('CLUSTER'), item: 'bootstrap' }),
    UpdateExpression: 'SET createdAt = :at',
    ConditionExpression: 'attribute_exists(#item) AND attribute_not_exists(createdAt)',
    ExpressionAttributeNames: { '#item': 'item' },
    ExpressionAttributeValues: marshall({ ':at': createdAt }),
  });
  return unlessConditionFails(client().send(update));
}

export function readSettings(): Promise<ClusterSettings | null> {
  return read<ClusterSettings>('settings');
}

/** Each deployment writes them anew. */
export async function putSettings(settings: ClusterSettings): Promise<void> {
  await client().send(new PutItemCommand({ TableName: table(), Item: marshall(settings) }));
}

/** Replaces the lock as it was read by what it becomes; false where somebody else was faster. */
export function replaceLock(before: LockRecord | null, after: LockRecord): Promise<boolean> {
  const names = { '#item': 'item', '#token': 'token', '#holder': 'holder' };
  const condition =
    before === null
      ? 'attribute_not_exists(#item)'
      : `#token = :token AND ${before.holder === undefined ? 'attribute_not_exists(#holder)' : '#holder = :holder'}`;
  const values =
    before === null
      ? undefined
      : { ':token': before.token, ...(before.holder !== undefined && { ':holder': before.holder }) };
  const put = new PutItemCommand({
    TableName: table(),
    Item: marshall(after, { removeUndefinedValues: true }),
    ConditionExpression: condition,
    ExpressionAttributeNames:
      before === null ? { '#item': 'item' } : { '#token': names['#token'], '#holder': names['#holder'] },
    ...(values && { ExpressionAttributeValues: marshall(values) }),
  });
  return unlessConditionFails(client().send(put));
}

/** Appends to the audit trail. The key is the same for the same event, so that a repeated task writes it once. */
export async function audit(entry: Omit<AuditRecord, 'cluster' | 'item'>, id: string): Promise<void> {
  const record: AuditRecord = { ...entry, cluster: environment('CLUSTER'), item: `audit#${entry.at}#${id}` };
  await client().send(
    new PutItemCommand({ TableName: table(), Item: marshall(record, { removeUndefinedValues: true }) }),
  );
}

/** Whether a conditional write was made; false where its condition does not hold. */
export async function unlessConditionFails(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if ((error as Error).name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
