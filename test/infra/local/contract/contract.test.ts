/** The same calls with unmodified SDK clients, to this home and to moto: same answers, same errors. */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeAvailabilityZonesCommand,
  DescribeInstancesCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { GetFunctionCommand, InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  DeleteParameterCommand,
  GetCommandInvocationCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { errorOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

describe.each(targets)('%s', (name, open) => {
  /** What AWS answers, and where moto is known to answer something else. */
  const expected = (aws: string, moto: string) => (name === 'moto' ? moto : aws);
  let target: Target;
  beforeAll(async () => {
    target = await open();
  });
  afterAll(() => target.close());

  describe('S3', () => {
    test('keeps bytes and metadata, serves ranges, copies, lists by page and forgets', async () => {
      const s3 = new S3Client(target.client);
      const Bucket = 'contract';
      const location = { LocationConstraint: 'eu-west-1' } as const;
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: location }));
      await s3.send(
        new PutObjectCommand({ Bucket, Key: 'a/one', Body: 'first object', Metadata: { version: '3.5.35' } }),
      );
      const stream = Readable.from([Buffer.from('sec'), Buffer.from('ond')]);
      await s3.send(new PutObjectCommand({ Bucket, Key: 'a/two', Body: stream, ContentLength: 6 }));

      const whole = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/one' }));
      expect(await text(whole.Body as Readable)).toBe('first object');
      expect(whole.Metadata).toEqual({ version: '3.5.35' });
      const part = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/one', Range: 'bytes=6-8' }));
      expect([await text(part.Body as Readable), part.ContentRange]).toEqual(['obj', 'bytes 6-8/12']);
      expect(await text((await s3.send(new GetObjectCommand({ Bucket, Key: 'a/two' }))).Body as Readable)).toBe(
        'second',
      );

      await s3.send(new CopyObjectCommand({ Bucket, Key: 'b/three', CopySource: `${Bucket}/a/one` }));
      expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'b/three' }))).toMatchObject({ ContentLength: 12 });
      const first = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2 }));
      expect(first.Contents?.map(({ Key }) => Key)).toEqual(['a/one', 'a/two']);
      const second = await s3.send(
        new ListObjectsV2Command({ Bucket, ContinuationToken: first.NextContinuationToken }),
      );
      expect([second.Contents?.map(({ Key }) => Key), second.IsTruncated]).toEqual([['b/three'], false]);
      expect((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'b/' }))).KeyCount).toBe(1);

      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a/one' }));
      expect(await errorOf(s3.send(new GetObjectCommand({ Bucket, Key: 'a/one' })))).toBe('NoSuchKey');
      expect(await errorOf(s3.send(new GetObjectCommand({ Bucket: 'no-such-bucket', Key: 'x' })))).toBe('NoSuchBucket');
    });
  });

  describe('DynamoDB', () => {
    test('writes under a condition and reads back', async () => {
      const table = new DynamoDBClient(target.client);
      const TableName = 'records';
      await table.send(
        new CreateTableCommand({
          TableName,
          KeySchema: [
            { AttributeName: 'cluster', KeyType: 'HASH' },
            { AttributeName: 'item', KeyType: 'RANGE' },
          ],
          AttributeDefinitions: [
            { AttributeName: 'cluster', AttributeType: 'S' },
            { AttributeName: 'item', AttributeType: 'S' },
          ],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      );
      const Key = { cluster: { S: 'etcd' }, item: { S: 'bootstrap' } };
      const once = {
        TableName,
        Item: { ...Key, members: { L: [{ S: 'a' }] } },
        ConditionExpression: 'attribute_not_exists(#i)',
        ExpressionAttributeNames: { '#i': 'item' },
      };
      await table.send(new PutItemCommand(once));
      expect(await errorOf(table.send(new PutItemCommand(once)))).toBe('ConditionalCheckFailedException');
      const { Item } = await table.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      expect(Item?.members).toEqual({ L: [{ S: 'a' }] });
      const absent = { TableName: 'absent', Key };
      expect(await errorOf(table.send(new GetItemCommand(absent)))).toBe('ResourceNotFoundException');
    });
  });

  describe('Parameter Store', () => {
    test('keeps versions, refuses to overwrite unasked and lists by path', async () => {
      const ssm = new SSMClient(target.client);
      const put = (Value: string, Overwrite?: boolean) =>
        ssm.send(
          new PutParameterCommand({ Name: '/etcd/one/size', Type: 'String', Value, ...(Overwrite && { Overwrite }) }),
        );
      expect((await put('3')).Version).toBe(1);
      expect(await errorOf(put('5'))).toBe('ParameterAlreadyExists');
      expect((await put('5', true)).Version).toBe(2);
      expect((await ssm.send(new GetParameterCommand({ Name: '/etcd/one/size' }))).Parameter).toMatchObject({
        Value: '5',
        Version: 2,
        Type: 'String',
      });
      const several = await ssm.send(new GetParametersCommand({ Names: ['/etcd/one/size', '/none'] }));
      expect([several.Parameters?.length, several.InvalidParameters]).toEqual([1, ['/none']]);
      expect((await ssm.send(new GetParametersByPathCommand({ Path: '/etcd' }))).Parameters).toEqual([]);
      expect(
        (await ssm.send(new GetParametersByPathCommand({ Path: '/etcd', Recursive: true }))).Parameters,
      ).toHaveLength(1);
      await ssm.send(new DeleteParameterCommand({ Name: '/etcd/one/size' }));
      expect(await errorOf(ssm.send(new GetParameterCommand({ Name: '/etcd/one/size' })))).toBe('ParameterNotFound');
    });

    test('knows the images that launch templates name', async () => {
      const Name = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
      const { Parameter } = await new SSMClient(target.client).send(new GetParameterCommand({ Name }));
      expect(Parameter?.Value).toMatch(/^ami-[0-9a-f]{17}$/);
    });

    test('has no invocation of a command that was never sent', async () => {
      const never = { CommandId: '01234567-89ab-4cde-8f01-23456789abcd', InstanceId: 'i-0123456789abcdef0' };
      expect(await errorOf(new SSMClient(target.client).send(new GetCommandInvocationCommand(never)))).toBe(
        expected('InvocationDoesNotExist', 'InvalidCommandId'),
      );
    });
  });

  describe('EC2 and Auto Scaling', () => {
    const absent = 'i-0123456789abcdef0';
    test('refuse an instance that is not there', async () => {
      const ec2 = new EC2Client(target.client);
      expect(await errorOf(ec2.send(new DescribeInstancesCommand({ InstanceIds: [absent] })))).toBe(
        'InvalidInstanceID.NotFound',
      );
      expect(await errorOf(ec2.send(new TerminateInstancesCommand({ InstanceIds: [absent] })))).toBe(
        'InvalidInstanceID.NotFound',
      );
    });

    test('find nothing where nothing matches', async () => {
      const Filters = [{ Name: 'instance-state-name', Values: ['running'] }];
      const { Reservations } = await new EC2Client(target.client).send(new DescribeInstancesCommand({ Filters }));
      expect(Reservations ?? []).toEqual([]);
      const groups = new AutoScalingClient(target.client);
      const { AutoScalingGroups } = await groups.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['none'] }),
      );
      expect(AutoScalingGroups ?? []).toEqual([]);
    });

    test('refuse a capacity for a group that is not there', async () => {
      const call = { AutoScalingGroupName: 'none', DesiredCapacity: 1 };
      expect(await errorOf(new AutoScalingClient(target.client).send(new SetDesiredCapacityCommand(call)))).toBe(
        expected('ValidationError', 'Error'),
      );
    });

    test('have three zones', async () => {
      const { AvailabilityZones } = await new EC2Client(target.client).send(new DescribeAvailabilityZonesCommand({}));
      expect(AvailabilityZones?.map(({ ZoneName }) => ZoneName)).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
    });
  });

  describe('the others', () => {
    test('Lambda refuses a function that is not there', async () => {
      const lambda = new LambdaClient(target.client);
      expect(await errorOf(lambda.send(new GetFunctionCommand({ FunctionName: 'none' })))).toBe(
        'ResourceNotFoundException',
      );
      expect(await errorOf(lambda.send(new InvokeCommand({ FunctionName: 'none' })))).toBe('ResourceNotFoundException');
      expect((await lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
    });

    test('Step Functions refuses what is not there', async () => {
      const states = new SFNClient(target.client);
      const stateMachineArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:none';
      expect(await errorOf(states.send(new DescribeStateMachineCommand({ stateMachineArn })))).toBe(
        'StateMachineDoesNotExist',
      );
      expect(await errorOf(states.send(new StartExecutionCommand({ stateMachineArn })))).toBe(
        'StateMachineDoesNotExist',
      );
      const executionArn = 'arn:aws:states:eu-west-1:123456789012:execution:none:none';
      expect(await errorOf(states.send(new DescribeExecutionCommand({ executionArn })))).toBe('ExecutionDoesNotExist');
    });

    test('STS tells the account', async () => {
      const identity = await new STSClient(target.client).send(new GetCallerIdentityCommand({}));
      expect(identity.Account).toBe('123456789012');
      expect(identity.Arn).toMatch(/^arn:aws:/);
    });

    test('CloudWatch and its logs are empty at first', async () => {
      expect(
        (await new CloudWatchClient(target.client).send(new DescribeAlarmsCommand({}))).MetricAlarms ?? [],
      ).toEqual([]);
      expect(
        (await new CloudWatchLogsClient(target.client).send(new DescribeLogGroupsCommand({}))).logGroups ?? [],
      ).toEqual([]);
    });
  });
});
