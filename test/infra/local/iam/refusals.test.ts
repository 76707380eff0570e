/** How each service refuses a role session that has no permission, as unmodified SDK clients see it; and what one permission lets through. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { GetCommandInvocationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Home, openHome } from '../../../../infra/local/home.ts';

jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), 'iam-'));
const arn = 'arn:aws:sts::123456789012:assumed-role/task/function';
const region = 'eu-west-1';
let home: Home;
const as = (who: string) => ({
  endpoint: home.endpoint,
  region,
  credentials: home.services.callers.credentialsOf(who),
  maxAttempts: 1,
});
const task = () => as(arn);
const allow = (Action: string, Resource = '*', Condition?: object) =>
  home.services.roles.putRole('task', {
    Policies: [
      { PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) }] } },
    ],
  });

beforeAll(async () => {
  home = await openHome({ folder, resume: false });
  const operator = as(home.services.operatorArn);
  await new S3Client({ ...operator, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: 'kept' }));
  await new DynamoDBClient(operator).send(
    new CreateTableCommand({
      TableName: 'record',
      KeySchema: [{ AttributeName: 'cluster', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'cluster', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
});
afterEach(() => home.services.roles.deleteRole('task'));
afterAll(async () => {
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

const s3 = () => new S3Client({ ...task(), forcePathStyle: true });
const get = () => s3().send(new GetObjectCommand({ Bucket: 'kept', Key: 'releases/x' }));
const readItem = (cluster: string) =>
  new DynamoDBClient(task()).send(new GetItemCommand({ TableName: 'record', Key: { cluster: { S: cluster } } }));

async function refusalOf(
  call: () => Promise<unknown>,
): Promise<[name: string, status: number | undefined, said: string]> {
  try {
    await call();
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata: { httpStatusCode?: number } };
    return [name, $metadata.httpStatusCode, message];
  }
  throw new Error('the call succeeded');
}

/** AWS's words. */
const words = (action: string, resource: string) =>
  `User: ${arn} is not authorized to perform: ${action}${resource && ` on resource: ${resource}`} because no identity-based policy allows the ${action} action`;
const at = (service: string, rest: string) => `arn:aws:${service}:${region}:123456789012:${rest}`;

describe('refused is', () => {
  test.each<[string, () => Promise<unknown>, string, number, string]>([
    [
      'autoscaling',
      () =>
        new AutoScalingClient(task()).send(
          new SetDesiredCapacityCommand({ AutoScalingGroupName: 'members', DesiredCapacity: 3 }),
        ),
      'AccessDenied',
      403,
      words('autoscaling:SetDesiredCapacity', at('autoscaling', 'autoScalingGroup:*:autoScalingGroupName/members')),
    ],
    [
      'autoscaling, where there is no resource',
      () => new AutoScalingClient(task()).send(new DescribeAutoScalingGroupsCommand({})),
      'AccessDenied',
      403,
      words('autoscaling:DescribeAutoScalingGroups', ''),
    ],
    [
      'ec2',
      () => new EC2Client(task()).send(new DescribeInstancesCommand({})),
      'UnauthorizedOperation',
      403,
      `You are not authorized to perform this operation. ${words('ec2:DescribeInstances', '')}`,
    ],
    [
      'dynamodb',
      () => readItem('etcd'),
      'AccessDeniedException',
      400,
      words('dynamodb:GetItem', at('dynamodb', 'table/record')),
    ],
    ['s3', get, 'AccessDenied', 403, words('s3:GetObject', '"arn:aws:s3:::kept/releases/x"')],
    [
      'ssm',
      () => new SSMClient(task()).send(new GetCommandInvocationCommand({ CommandId: 'c', InstanceId: 'i-1' })),
      'AccessDeniedException',
      400,
      words('ssm:GetCommandInvocation', at('ssm', '*')),
    ],
    [
      'states',
      () => new SFNClient(task()).send(new StartExecutionCommand({ stateMachineArn: at('states', 'stateMachine:m') })),
      'AccessDeniedException',
      400,
      words('states:StartExecution', at('states', 'stateMachine:m')),
    ],
    [
      'lambda',
      () => new LambdaClient(task()).send(new InvokeCommand({ FunctionName: 'f' })),
      'AccessDeniedException',
      403,
      words('lambda:InvokeFunction', at('lambda', 'function:f')),
    ],
    [
      'route53',
      () => new Route53Client(task()).send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z1' })),
      'AccessDenied',
      403,
      words('route53:ListResourceRecordSets', 'arn:aws:route53:::hostedzone/Z1'),
    ],
    [
      'logs',
      () =>
        new CloudWatchLogsClient(task()).send(
          new PutLogEventsCommand({ logGroupName: '/g', logStreamName: 's', logEvents: [] }),
        ),
      'AccessDeniedException',
      400,
      words('logs:PutLogEvents', at('logs', 'log-group:/g:log-stream:s')),
    ],
    [
      'monitoring',
      () => new CloudWatchClient(task()).send(new ListMetricsCommand({})),
      'AccessDenied',
      403,
      words('cloudwatch:ListMetrics', ''),
    ],
  ])('%s', async (_service, call, name, status, said) => {
    expect(await refusalOf(call)).toEqual([name, status, said]);
  });

  test('an explicit deny in words of its own', async () => {
    const allowed = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
    const PolicyDocument = { Statement: [allowed, { ...allowed, Effect: 'Deny' }] };
    home.services.roles.putRole('task', { Policies: [{ PolicyDocument }] });
    const [name, , said] = await refusalOf(get);
    expect(name).toBe('AccessDenied');
    expect(said).toMatch(
      /on resource: "arn:aws:s3:::kept\/releases\/x" with an explicit deny in an identity-based policy$/,
    );
  });

  test('a role that is not there', async () => {
    const stranger = as('arn:aws:sts::123456789012:assumed-role/gone/function');
    const [name] = await refusalOf(() => new EC2Client(stranger).send(new DescribeInstancesCommand({})));
    expect(name).toBe('UnauthorizedOperation');
  });
});

describe('allowed is', () => {
  test('what a policy allows, on its resource and under its condition', async () => {
    allow('dynamodb:GetItem', at('dynamodb', 'table/record'), {
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['etcd'] },
    });
    expect((await readItem('etcd')).Item).toBeUndefined();
    expect((await refusalOf(() => readItem('other')))[0]).toBe('AccessDeniedException');
    const put = new PutItemCommand({ TableName: 'record', Item: { cluster: { S: 'etcd' } } });
    expect((await refusalOf(() => new DynamoDBClient(task()).send(put)))[0]).toBe('AccessDeniedException');
  });

  test('to everybody: to ask who they are', async () => {
    expect((await new STSClient(task()).send(new GetCallerIdentityCommand({}))).Arn).toBe(arn);
  });

  test('to be told that a key is missing: to those who may list', async () => {
    allow('s3:GetObject');
    const [name, status, said] = await refusalOf(get);
    expect([name, status]).toEqual(['AccessDenied', 403]);
    expect(said).toBe(words('s3:ListBucket', '"arn:aws:s3:::kept"'));
    allow('s3:*');
    expect((await refusalOf(get))[0]).toBe('NoSuchKey');
  });
});
