/** Disturbances as unmodified SDK clients see them. */
import { DescribeAutoScalingGroupsCommand, paginateDescribeAutoScalingInstances } from '@aws-sdk/client-auto-scaling';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListHostedZonesCommand, Route53Client } from '@aws-sdk/client-route-53';
import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Disturbance } from '../../../../infra/local/wire/disturbanceRules.ts';
import { eventually, groupName, openSmallHome, type SmallHome } from '../autoscaling/smallHome.ts';
import { errorOf } from '../contract/target.ts';

jest.setTimeout(60_000);

let small: SmallHome;
const client = () => ({
  endpoint: small.home.endpoint,
  region: small.home.context.region,
  credentials: small.home.credentials,
  maxAttempts: 1,
});
const disturb = (disturbance: Disturbance) => small.home.services.disturbances.add(disturbance);
const instanceIds = async () => {
  const { Reservations = [] } = await small.ec2.send(new DescribeInstancesCommand({}));
  return Reservations.map(({ Instances }) => Instances?.[0]?.InstanceId);
};

beforeAll(async () => {
  small = await openSmallHome(4);
  await eventually(() => small.home.services.ec2.instances().filter(({ booted }) => booted).length === 4);
  const TableName = 'record';
  await new DynamoDBClient(client()).send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'item', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'item', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
});
afterEach(() => small.home.services.disturbances.removeAll());
afterAll(() => small.close());

const key = { item: { S: 'lock' } };
const calls = {
  ec2: () => small.ec2.send(new DescribeInstancesCommand({})),
  autoscaling: () => small.autoscaling.send(new DescribeAutoScalingGroupsCommand({})),
  ssm: () => new SSMClient(client()).send(new GetParameterCommand({ Name: '/kept' })),
  states: () => new SFNClient(client()).send(new ListStateMachinesCommand({})),
  lambda: () => new LambdaClient(client()).send(new ListFunctionsCommand({})),
  route53: () => new Route53Client(client()).send(new ListHostedZonesCommand({})),
  dynamodb: () => new DynamoDBClient(client()).send(new GetItemCommand({ TableName: 'record', Key: key })),
  s3: () => new S3Client(client()).send(new CreateBucketCommand({ Bucket: 'kept' })),
} satisfies Readonly<Record<string, () => Promise<unknown>>>;

describe('throttle', () => {
  test.each<[keyof typeof calls, string]>([
    ['ec2', 'RequestLimitExceeded'],
    ['autoscaling', 'Throttling'],
    ['ssm', 'ThrottlingException'],
    ['states', 'ThrottlingException'],
    ['lambda', 'TooManyRequestsException'],
    ['route53', 'Throttling'],
    ['dynamodb', 'ProvisionedThroughputExceededException'],
    ['s3', 'SlowDown'],
  ])('%s answers %s, as often as it was told', async (service, code) => {
    const rule = disturb({ service, kind: 'throttle', times: 2 });
    const call: () => Promise<unknown> = calls[service];
    expect([await errorOf(call()), await errorOf(call())]).toEqual([code, code]);
    expect(rule.applied).toBe(2);
    await call().catch((error: Error) => expect(error.name).toBe('ParameterNotFound'));
  });
});

describe('error', () => {
  test('answers what it was told, to whom it was told', async () => {
    const code = 'UnauthorizedOperation';
    const rule = disturb({ service: 'ec2', caller: /:user\/operator$/, kind: 'error', code, statusCode: 403 });
    expect(await errorOf(calls.ec2())).toBe(code);
    rule.remove();
    disturb({ service: 'ec2', caller: /\/i-none$/, kind: 'error', code, statusCode: 403 });
    expect(await instanceIds()).toHaveLength(4);
  });

  test('is the internal error of the service where nothing else is said', async () => {
    disturb({ service: 'autoscaling', operation: 'DescribeAutoScalingGroups', kind: 'error' });
    expect(await errorOf(calls.autoscaling())).toBe('InternalFailure');
  });
});

describe('drop', () => {
  test('closes the connection before anything is done', async () => {
    disturb({ service: 'ssm', operation: 'PutParameter', kind: 'drop', times: 1 });
    const put = new PutParameterCommand({ Name: '/dropped', Type: 'String', Value: 'x' });
    await expect(new SSMClient(client()).send(put)).rejects.toThrow('socket hang up');
    expect(await errorOf(new SSMClient(client()).send(new GetParameterCommand({ Name: '/dropped' })))).toBe(
      'ParameterNotFound',
    );
  });

  test('closes it after all is done: in a decoded service, DynamoDB and S3', async () => {
    const ssm = new SSMClient(client());
    disturb({ service: 'ssm', operation: 'PutParameter', kind: 'drop', when: 'after', times: 1 });
    const put = new PutParameterCommand({ Name: '/lost', Type: 'String', Value: 'x' });
    await expect(ssm.send(put)).rejects.toThrow('socket hang up');
    expect((await ssm.send(new GetParameterCommand({ Name: '/lost' }))).Parameter?.Value).toBe('x');

    const table = new DynamoDBClient(client());
    disturb({ service: 'dynamodb', operation: 'PutItem', kind: 'drop', when: 'after', times: 1 });
    const Item = { ...key, holder: { S: 'me' } };
    await expect(table.send(new PutItemCommand({ TableName: 'record', Item }))).rejects.toThrow('socket hang up');
    const read = await table.send(new GetItemCommand({ TableName: 'record', Key: key }));
    expect(read.Item?.holder).toEqual({ S: 'me' });

    const s3 = new S3Client({ ...client(), forcePathStyle: true });
    disturb({ service: 's3', operation: /^PUT \/lost/, kind: 'drop', when: 'after', times: 1 });
    await expect(s3.send(new CreateBucketCommand({ Bucket: 'lost' }))).rejects.toThrow('socket hang up');
    await s3.send(new HeadBucketCommand({ Bucket: 'lost' }));
  });
});

test('delay holds a call back, and no other', async () => {
  const rule = disturb({ service: 'ec2', kind: 'delay', delayMs: 600_000 });
  let answered = false;
  const held = instanceIds().finally(() => (answered = true));
  held.catch(() => {});
  await eventually(() => rule.applied === 1);
  await calls.autoscaling();
  expect(answered).toBe(false);
  rule.remove();
  expect(await instanceIds()).toHaveLength(4);
});

describe('instances', () => {
  test('half of them, without a token', async () => {
    disturb({ service: 'ec2', kind: 'partialPage' });
    disturb({ service: 'autoscaling', kind: 'partialPage' });
    expect(await instanceIds()).toHaveLength(2);
    const answer = await small.autoscaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
    );
    expect(answer.AutoScalingGroups?.[0]?.Instances).toHaveLength(2);
    expect(answer.AutoScalingGroups?.[0]?.DesiredCapacity).toBe(4);
  });

  test('in pages of one, with tokens', async () => {
    const rule = disturb({ service: 'autoscaling', kind: 'shortPages', pageSize: 1 });
    const found: unknown[] = [];
    for await (const page of paginateDescribeAutoScalingInstances({ client: small.autoscaling }, {}))
      found.push(...(page.AutoScalingInstances ?? []));
    expect(found).toHaveLength(4);
    expect(rule.applied).toBe(4);
  });

  test('as they were some time ago', async () => {
    const before = await instanceIds();
    await small.home.services.ec2.terminate(before[0] ?? '', 'a test');
    const state = async () => {
      const { Reservations = [] } = await small.ec2.send(new DescribeInstancesCommand({}));
      return Reservations.find(({ Instances }) => Instances?.[0]?.InstanceId === before[0])?.Instances?.[0]?.State
        ?.Name;
    };
    expect(await state()).toBe('terminated');
    const rule = disturb({ service: 'ec2', kind: 'stale', ageMs: 59_000 });
    expect(await state()).toBe('running');
    rule.remove();
    expect(await state()).toBe('terminated');
  });
});

test('a rule that cannot be is refused, saying what can', () => {
  expect(() => disturb({ service: 'sqs', kind: 'throttle' })).toThrow(/service is 'sqs'; allowed: autoscaling, ec2/);
  expect(() => disturb({ service: 's3', kind: 'stale' })).toThrow('allowed for stale: ec2, autoscaling');
  expect(() => disturb({ service: 'ec2', kind: 'throttle', probability: 2 })).toThrow('probability');
  expect(() => disturb({ service: 'ec2', kind: 'throttle', times: 0 })).toThrow('times');
});
