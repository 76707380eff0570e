/** Amazon DynamoDB (Service Authorization Reference: list_amazondynamodb; developer guide: Using IAM policy conditions). */
import type { AccessRequest } from '../evaluate.ts';
import { arnIn, type Facts } from '../facts.ts';
import { on, onAnything, onResource, type Row } from './row.ts';

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string; readonly B?: string } | undefined>>;

export interface DynamoDbInput {
  readonly TableName?: string;
  readonly ResourceArn?: string;
  readonly Key?: Item;
  readonly Item?: Item;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
  readonly KeyConditions?: Readonly<Record<string, { readonly AttributeValueList?: readonly Item[string][] }>>;
  readonly RequestItems?: Readonly<Record<string, BatchGet | readonly BatchWrite[]>>;
  /** Table -> name of its partition key, of the tables that the request names; missing where there is none. */
  readonly partitionKeys: Readonly<Record<string, string | undefined>>;
}

interface BatchGet {
  readonly Keys?: readonly Item[];
}
interface BatchWrite {
  readonly PutRequest?: { readonly Item?: Item };
  readonly DeleteRequest?: { readonly Key?: Item };
}

const tableArn = (facts: Facts, table: string) =>
  table.startsWith('arn:') ? table : arnIn(facts, 'dynamodb', `table/${table}`);
const textOf = (value: Item[string]) => value?.S ?? value?.N ?? value?.B;

/** With `dynamodb:LeadingKeys`: the partition keys of the items that are asked for; missing where there are none. */
function onItems(
  action: string,
  { partitionKeys }: DynamoDbInput,
  facts: Facts,
  table: string,
  items: readonly Item[],
): AccessRequest {
  const name = partitionKeys[table];
  const keys = items.flatMap((item) => (name === undefined ? [] : (textOf(item[name]) ?? [])));
  const context = keys.length === 0 ? {} : { 'dynamodb:LeadingKeys': [...new Set(keys)] };
  return on(`dynamodb:${action}`, tableArn(facts, table), context);
}

const byItem = (action: string, field: 'Key' | 'Item'): Row =>
  ((input: DynamoDbInput, facts: Facts) => [
    onItems(action, input, facts, input.TableName ?? '', [input[field] ?? {}]),
  ]) satisfies Row;

/** What a query's condition says of its partition key: `name = :value`, with placeholders for both or either. */
function queriedItem(input: DynamoDbInput): Item {
  const { KeyConditionExpression = '', ExpressionAttributeNames: names = {}, KeyConditions = {} } = input;
  const equalities = [...KeyConditionExpression.matchAll(/([\w.#-]+)\s*=\s*(:\w+)/g)].map(
    ([, name = '', value = '']) => [names[name] ?? name, input.ExpressionAttributeValues?.[value]],
  );
  const conditions = Object.entries(KeyConditions).map(([name, { AttributeValueList }]) => [
    name,
    AttributeValueList?.[0],
  ]);
  return Object.fromEntries([...equalities, ...conditions]);
}

export const dynamodbActions: Readonly<Record<string, Row>> = {
  GetItem: byItem('GetItem', 'Key'),
  PutItem: byItem('PutItem', 'Item'),
  UpdateItem: byItem('UpdateItem', 'Key'),
  DeleteItem: byItem('DeleteItem', 'Key'),
  Query: (input: DynamoDbInput, facts) => [onItems('Query', input, facts, input.TableName ?? '', [queriedItem(input)])],
  BatchGetItem: (input: DynamoDbInput, facts) =>
    Object.entries(input.RequestItems ?? {}).map(([table, asked]) =>
      onItems('BatchGetItem', input, facts, table, (asked as BatchGet).Keys ?? []),
    ),
  BatchWriteItem: (input: DynamoDbInput, facts) =>
    Object.entries(input.RequestItems ?? {}).map(([table, asked]) => {
      const items = (asked as readonly BatchWrite[]).map((one) => one.PutRequest?.Item ?? one.DeleteRequest?.Key ?? {});
      return onItems('BatchWriteItem', input, facts, table, items);
    }),
  ...onResource(
    'dynamodb',
    ({ TableName = '' }: DynamoDbInput, facts) => tableArn(facts, TableName),
    'CreateTable',
    'DeleteTable',
    'DescribeTable',
    'DescribeTimeToLive',
    'Scan',
    'UpdateTable',
  ),
  ...onResource(
    'dynamodb',
    ({ ResourceArn = '' }: DynamoDbInput) => ResourceArn,
    'ListTagsOfResource',
    'TagResource',
    'UntagResource',
  ),
  ...onAnything('dynamodb', 'ListTables'),
};
