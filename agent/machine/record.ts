/** The cluster record as an agent reads it, and the items it writes. */
import { randomUUID } from 'node:crypto';
import type {
  AuditRecord,
  BootstrapRecord,
  ClusterSettings,
  LockRecord,
  MembershipTurn,
  StartedRecord,
  TimingRecord,
  TransportRecord,
} from '#etcd/record.ts';
import { type Aws, AwsCallError } from './aws.ts';
import { type Attribute, attributesOf, plain } from './dynamoAttributes.ts';
import type { Identity } from './metadata.ts';

export interface ClusterRecord {
  readBootstrap(): Promise<BootstrapRecord | null>;
  readStarted(member: string): Promise<StartedRecord | null>;
  readSettings(): Promise<ClusterSettings | null>;
  readLock(): Promise<LockRecord | null>;
  readTurn(): Promise<MembershipTurn | null>;
  readTransport(): Promise<TransportRecord | null>;
  readTiming(): Promise<TimingRecord | null>;
  /** Writes the claim, with the instance's zone, unless another one is there; says whether this one is there now. */
  claimStart(member: string, claim: string, zone: string): Promise<boolean>;
  /** Replaces the turn as it was read; false where somebody else was faster. */
  replaceTurn(before: MembershipTurn | null, after: Omit<MembershipTurn, 'cluster' | 'item'>): Promise<boolean>;
  /** Appends to the audit trail. */
  audit(entry: Omit<AuditRecord, 'cluster' | 'item' | 'at' | 'who'>): Promise<void>;
}

export function createRecord(aws: Aws, { cluster, table, instanceId }: Identity): ClusterRecord {
  const now = () => new Date(aws.nowMs()).toISOString();

  async function get<Item>(item: string): Promise<Item | null> {
    const input = { TableName: table, Key: attributesOf({ cluster, item }), ConsistentRead: true };
    const { Item } = await aws.call('dynamodb', 'DynamoDB_20120810.GetItem', input);
    return Item === undefined ? null : (plain({ M: Item as Record<string, Attribute> }) as Item);
  }

  /** @param condition names with `#`, values with `:` */
  async function put(item: object, condition?: { text: string; names: object; values?: object }): Promise<boolean> {
    const input = {
      TableName: table,
      Item: attributesOf({ cluster, ...item }),
      ...(condition && {
        ConditionExpression: condition.text,
        ExpressionAttributeNames: condition.names,
        ...(condition.values && { ExpressionAttributeValues: attributesOf(condition.values) }),
      }),
    };
    try {
      await aws.call('dynamodb', 'DynamoDB_20120810.PutItem', input);
      return true;
    } catch (error) {
      if (error instanceof AwsCallError && error.code === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  }

  return {
    readBootstrap: () => get<BootstrapRecord>('bootstrap'),
    readStarted: (member) => get<StartedRecord>(`started#${member}`),
    readSettings: () => get<ClusterSettings>('settings'),
    readLock: () => get<LockRecord>('lock'),
    readTurn: () => get<MembershipTurn>('membership'),
    readTransport: () => get<TransportRecord>('transport'),
    readTiming: () => get<TimingRecord>('timing'),
    claimStart(member, claim, zone) {
      const item = { item: `started#${member}`, claim, zone, claimedAt: now() };
      const text = 'attribute_not_exists(#item) OR #claim = :claim';
      return put(item, { text, names: { '#item': 'item', '#claim': 'claim' }, values: { ':claim': claim } });
    },
    replaceTurn(before, after) {
      const item = { item: 'membership', ...after };
      if (before === null) return put(item, { text: 'attribute_not_exists(#item)', names: { '#item': 'item' } });
      const held = before.holder === undefined ? 'attribute_not_exists(#holder)' : '#holder = :holder';
      const values = { ':token': before.token, ...(before.holder !== undefined && { ':holder': before.holder }) };
      const names = { '#token': 'token', '#holder': 'holder' };
      return put(item, { text: `#token = :token AND ${held}`, names, values });
    },
    async audit(entry) {
      const at = now();
      await put({ item: `audit#${at}#${randomUUID().slice(0, 8)}`, at, who: instanceId, ...entry });
    },
  };
}
