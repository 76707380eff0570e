/** The custom resource with its own SDK clients, against the local DynamoDB and Auto Scaling. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Home, openHome } from '../../../infra/local/home.ts';
import type { CustomResourceEvent } from '../../../tasks/deploy/respond.ts';
import { assemblyOf } from '../../infra/local/home/assembly.ts';
import { ownAddress } from '../../loopback.ts';

jest.setTimeout(60_000);

const [west, central] = ['eu-west-1', 'eu-central-1'] as const;
const folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-regions-'));
const kept = { ...process.env };
let home: Home;
let answers: Server;
let answered: { Status: string; PhysicalResourceId: string; Reason?: string }[] = [];
let handler: (event: CustomResourceEvent) => Promise<void>;

const table = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'etcd-etcd',
    KeySchema: [
      { AttributeName: 'cluster', KeyType: 'HASH' },
      { AttributeName: 'item', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'cluster', AttributeType: 'S' },
      { AttributeName: 'item', AttributeType: 'S' },
    ],
  },
};

beforeAll(async () => {
  home = await openHome({ folder: join(folder, 'home'), resume: false });
  await home.region(central);
  await home.deploy(assemblyOf(folder, [{ name: 'record', resources: { Table: table } }]));
  answers = createServer(async (request, response) => {
    answered.push((await json(request)) as (typeof answered)[number]);
    response.end();
  });
  await new Promise<void>((resolve) => answers.listen(4579, ownAddress(5), resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: home.endpoint,
    AWS_REGION: west,
    AWS_ACCESS_KEY_ID: home.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: home.credentials.secretAccessKey,
    CLUSTER: 'etcd',
    TABLE: 'etcd-etcd',
    GROUP: 'etcd-etcd',
    REGIONS: west,
  });
  ({ handler } = await import('../../../tasks/deploy/checkRegions.ts'));
});
afterAll(async () => {
  process.env = kept;
  answers.close();
  answers.closeAllConnections();
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

async function send(RequestType: CustomResourceEvent['RequestType'], Regions: string) {
  answered = [];
  await handler({
    RequestType,
    RequestId: 'request',
    ResponseURL: `http://${ownAddress(5)}:4579/`,
    StackId: 'stack',
    LogicalResourceId: 'RegionsCheck',
    ResourceProperties: { Regions },
  });
  return answered[0];
}

const succeeded = { Status: 'SUCCESS', PhysicalResourceId: 'regions of etcd' };
const putSettings = (...regions: string[]) => {
  const Item = { cluster: 'etcd', item: 'settings', regions: regions.map((region) => ({ region, members: 1 })) };
  const put = new PutItemCommand({ TableName: 'etcd-etcd', Item: marshall(Item) });
  return home.services.dynamodbClient.send(put);
};

test('a deployment goes on where the cluster has no record yet', async () => {
  expect(await send('Create', west)).toMatchObject(succeeded);
});

describe('a deployment that leaves a region out', () => {
  beforeAll(() => putSettings(west, central));

  test('goes on where that region has no group', async () => {
    expect(await send('Update', west)).toMatchObject(succeeded);
  });

  test('is refused while its group wants an instance, and goes on when it wants none', async () => {
    const { autoscaling } = (await home.region(central)).services;
    autoscaling.createGroup({
      name: 'etcd-etcd',
      minSize: 0,
      maxSize: 6,
      desiredCapacity: 1,
      subnets: [{ zone: `${central}a`, subnetId: 'subnet-1', vpcId: 'vpc-1' }],
      launchTemplate: { id: 'lt-1', name: 'member', version: '1' },
      tags: {},
    });
    expect(await send('Update', west)).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('eu-central-1, where it was deployed, has 0 instances and wants 1'),
    });
    expect((await send('Update', `${west},eu-north-1`))?.Status).toBe('FAILED');
    expect(await send('Update', `${west},${central}`)).toMatchObject(succeeded);
    expect(await send('Delete', west)).toMatchObject(succeeded);
    autoscaling.updateGroup('etcd-etcd', { desiredCapacity: 0 });
    expect(await send('Update', west)).toMatchObject(succeeded);
  });

  test('is refused while that region does not answer', async () => {
    const silent = home.services.disturbances.add({
      kind: 'error',
      service: 'autoscaling',
      region: central,
      code: 'AccessDenied',
      statusCode: 403,
    });
    expect(await send('Update', west)).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/^AccessDenied/),
    });
    silent.remove();
  });
});
