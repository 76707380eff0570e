/** A home of more than one region: what is each one's own, what they share, and what a restart makes of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeAvailabilityZonesCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateHostedZoneCommand, ListHostedZonesCommand, Route53Client } from '@aws-sdk/client-route-53';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chooseNetwork } from '../../../../infra/local/home/network.ts';
import { type Home, openHome } from '../../../../infra/local/home.ts';
import { errorOf } from '../contract/target.ts';

const [home1, home2] = ['eu-west-1', 'eu-central-1'] as const;

let folder: string;
let home: Home;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'regions-'));
  home = await openHome({ folder });
});
afterEach(async () => {
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

const client = (region: string) => ({
  endpoint: home.endpoint,
  region,
  credentials: home.credentials,
  maxAttempts: 1,
});
const ssm = (region: string) => new SSMClient(client(region));
const put = (region: string, Value: string) =>
  ssm(region).send(new PutParameterCommand({ Name: 'place', Value, Type: 'String' }));
const place = async (region: string) => (await ssm(region).send(new GetParameterCommand({ Name: 'place' }))).Parameter;

const createTable = () =>
  new CreateTableCommand({
    TableName: 'record',
    KeySchema: [{ AttributeName: 'item', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'item', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
  });

async function restart(): Promise<void> {
  await home.close();
  home = await openHome({ folder });
}

describe('a region', () => {
  test('is opened when it is asked for, once, and not by any other name', async () => {
    const [one, same] = await Promise.all([home.region(home2), home.region(home2)]);
    expect(same).toBe(one);
    expect(home.regions().map(({ name }) => name)).toEqual([home1, home2]);
    expect(home.regions()[0]?.services).toBe(home.services);
    expect(await home.region(home1)).toBe(home.regions()[0]);
    await expect(home.region('../eu')).rejects.toMatchObject({ name: 'InvalidInput' });
  });

  test('has parameters, tables, zones and instances of its own', async () => {
    const { services, context, instances } = await home.region(home2);
    await Promise.all([put(home1, 'first'), put(home2, 'second')]);
    expect(await place(home1)).toMatchObject({
      Value: 'first',
      ARN: `arn:aws:ssm:${home1}:123456789012:parameter/place`,
    });
    expect(await place(home2)).toMatchObject({
      Value: 'second',
      ARN: `arn:aws:ssm:${home2}:123456789012:parameter/place`,
    });

    await new DynamoDBClient(client(home2)).send(createTable());
    expect((await new DynamoDBClient(client(home1)).send(new ListTablesCommand({}))).TableNames).toEqual([]);

    const { AvailabilityZones } = await new EC2Client(client(home2)).send(new DescribeAvailabilityZonesCommand({}));
    expect(AvailabilityZones?.map(({ ZoneName }) => ZoneName)).toEqual(['a', 'b', 'c'].map((zone) => home2 + zone));

    const specification = {
      imageId: 'ami-1',
      instanceType: 'm6i.large',
      securityGroupIds: [],
      roleName: 'none',
      instanceProfileArn: '',
      userData: '',
      tags: {},
    };
    const { instanceId, address } = services.ec2.launch(specification, {
      zone: `${home2}a`,
      subnetId: 'subnet-1',
      vpcId: 'vpc-1',
    });
    expect(context.network).not.toBe(home.context.network);
    expect(address).toBe(`${context.network}.10`);
    expect((await instances()).map((one) => one.instanceId)).toEqual([instanceId]);
    expect(await home.instances()).toEqual([]);
    const asked = new DescribeInstancesCommand({ InstanceIds: [instanceId] });
    expect((await new EC2Client(client(home2)).send(asked)).Reservations).toHaveLength(1);
    expect(await errorOf(new EC2Client(client(home1)).send(asked))).toBe('InvalidInstanceID.NotFound');
  });

  test('does not reach functions of another by their ARN', async () => {
    const { services } = await home.region(home2);
    const configuration = {
      name: 'echo',
      code: folder,
      handler: 'index.handler',
      timeoutSeconds: 3,
      memoryMiB: 128,
      variables: {},
      roleArn: 'arn:aws:iam::123456789012:role/echo',
      runtime: 'nodejs24.x',
      logGroup: '/aws/lambda/echo',
    };
    services.lambda.createFunction(configuration);
    const { arn: FunctionName } = home.services.lambda.createFunction(configuration);
    const invoked = new LambdaClient(client(home2)).send(new InvokeCommand({ FunctionName }));
    await expect(invoked).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Functions from '${home1}' are not reachable in this region ('${home2}')`,
    });
  });
});

describe('all regions share', () => {
  test('callers, and hosted zones, whatever region a request is signed for', async () => {
    await home.region(home2);
    const who = (region: string) => new STSClient(client(region)).send(new GetCallerIdentityCommand({}));
    expect((await who(home2)).Arn).toBe((await who(home1)).Arn);
    const route53 = new Route53Client(client(home2));
    await route53.send(new CreateHostedZoneCommand({ Name: 'internal.', CallerReference: '1' }));
    const { HostedZones } = await new Route53Client(client('us-east-1')).send(new ListHostedZonesCommand({}));
    expect(HostedZones).toHaveLength(1);
  });

  test('one namespace of buckets, each of which is in one region', async () => {
    await home.region(home2);
    const s3 = (region: string) => new S3Client({ ...client(region), forcePathStyle: true });
    await s3(home2).send(new CreateBucketCommand({ Bucket: 'there' }));
    await home.services.s3.store.put('there', 'key', Readable.from([Buffer.from('bytes')]));
    const { Body } = await s3(home2).send(new GetObjectCommand({ Bucket: 'there', Key: 'key' }));
    expect(await Body?.transformToString()).toBe('bytes');
    expect((await s3(home2).send(new HeadBucketCommand({ Bucket: 'there' }))).BucketRegion).toBe(home2);
    expect((await s3(home1).send(new ListBucketsCommand({}))).Buckets).toHaveLength(1);

    await expect(s3(home1).send(new GetObjectCommand({ Bucket: 'there', Key: 'key' }))).rejects.toMatchObject({
      name: 'PermanentRedirect',
      Endpoint: `s3.${home2}.amazonaws.com`,
      $metadata: { httpStatusCode: 301 },
    });
    const head = s3(home1).send(new HeadBucketCommand({ Bucket: 'there' }));
    await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 301 } });
    expect(await errorOf(s3(home1).send(new CreateBucketCommand({ Bucket: 'there' })))).toBe('BucketAlreadyOwnedByYou');
  });
});

test('a region that the home does not have is told so, in each protocol', async () => {
  const nowhere = client('ap-south-1');
  const asked = {
    json: errorOf(new SSMClient(nowhere).send(new GetParameterCommand({ Name: 'place' }))),
    dynamodb: errorOf(new DynamoDBClient(nowhere).send(new ListTablesCommand({}))),
    query: errorOf(new AutoScalingClient(nowhere).send(new DescribeAutoScalingGroupsCommand({}))),
    ec2: errorOf(new EC2Client(nowhere).send(new DescribeInstancesCommand({}))),
    lambda: errorOf(new LambdaClient(nowhere).send(new InvokeCommand({ FunctionName: 'echo' }))),
    s3: errorOf(new S3Client({ ...nowhere, forcePathStyle: true }).send(new ListBucketsCommand({}))),
  };
  const codes = await Promise.all(Object.entries(asked).map(async ([name, code]) => [name, await code]));
  expect(Object.fromEntries(codes)).toEqual({
    json: 'InvalidSignatureException',
    dynamodb: 'InvalidSignatureException',
    query: 'SignatureDoesNotMatch',
    ec2: 'AuthFailure',
    lambda: 'InvalidSignatureException',
    s3: 'AuthorizationHeaderMalformed',
  });
});

test('a home that is opened again has its regions, each with its addresses and what was in it', async () => {
  const { context } = await home.region(home2);
  await put(home2, 'second');
  const dynamodb = () => new DynamoDBClient(client(home2));
  await dynamodb().send(createTable());
  await dynamodb().send(new PutItemCommand({ TableName: 'record', Item: { item: { S: 'lock' }, token: { N: '7' } } }));
  await restart();
  expect(home.regions().map(({ name }) => name)).toEqual([home1, home2]);
  expect((await home.region(home2)).context.network).toBe(context.network);
  expect(await place(home2)).toMatchObject({ Value: 'second' });
  expect(await errorOf(place(home1))).toBe('ParameterNotFound');
  const read = new GetItemCommand({ TableName: 'record', Key: { item: { S: 'lock' } } });
  expect((await dynamodb().send(read)).Item?.token).toEqual({ N: '7' });
});

test('another home does not take the network of a region', async () => {
  const { context } = await home.region(home2);
  const database = new DatabaseSync(':memory:');
  // The same folder name leads to the same first choice.
  expect(await chooseNetwork(database, context.folder)).not.toBe(context.network);
  database.close();
});
