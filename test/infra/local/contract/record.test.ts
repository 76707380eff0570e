/** The cluster record in DynamoDB: the agent's and the tasks' own code, on the same table. */
import { CreateTableCommand, DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { BootstrapRecord, LockRecord } from '#etcd/record.ts';
import { createAws } from '../../../../agent/machine/aws.ts';
import { type ClusterRecord, createRecord } from '../../../../agent/machine/record.ts';
import { metadataOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

const TableName = 'records';
let clusters = 0;

describe.each(targets)('the cluster record in %s', (_, open) => {
  let target: Target;
  let database: DynamoDBClient;
  let tasks: typeof import('../../../../tasks/aws/record.ts');
  let agent: ClusterRecord;
  let cluster: string;
  const before = { ...process.env };

  beforeAll(async () => {
    target = await open();
    const { endpoint, region, credentials } = target.client;
    database = new DynamoDBClient(target.client);
    const [AttributeType, BillingMode] = ['S', 'PAY_PER_REQUEST'] as const;
    const keys = ['cluster', 'item'];
    await database.send(
      new CreateTableCommand({
        TableName,
        BillingMode,
        KeySchema: [
          { AttributeName: 'cluster', KeyType: 'HASH' },
          { AttributeName: 'item', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType })),
      }),
    );
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      TABLE: TableName,
    });
    // As in Lambda: the client is built with the environment that is there when it is loaded, once for each target.
    jest.resetModules();
    tasks = await import('../../../../tasks/aws/record.ts');
  });
  afterAll(async () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    database.destroy();
    await target.close();
  });

  beforeEach(() => {
    cluster = `cluster-${++clusters}`;
    Object.assign(process.env, { CLUSTER: cluster, REGIONS: target.client.region });
    agent = recordOf('i-1');
  });

  function recordOf(instanceId: string): ClusterRecord {
    const { endpoint, region } = target.client;
    const place = {
      address: '127.0.0.10',
      zone: 'eu-west-1a',
      region,
      bucket: 'none',
      signerArn: '',
      homeRegion: region,
    };
    const identity = { ...place, instanceId, cluster, table: TableName };
    return createRecord(createAws(metadataOf(target), region, endpoint), identity);
  }

  async function items(prefix: string): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    const query = {
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: '#cluster = :cluster AND begins_with(#item, :prefix)',
      ExpressionAttributeNames: { '#cluster': 'cluster', '#item': 'item' },
      ExpressionAttributeValues: { ':cluster': { S: cluster }, ':prefix': { S: prefix } },
    };
    for await (const { Items = [] } of paginateQuery({ client: database }, query)) {
      found.push(...Items.map((item) => unmarshall(item)));
    }
    return found;
  }

  test('is empty at first', async () => {
    expect(await tasks.readBootstrap()).toBeNull();
    expect(await tasks.readLock()).toBeNull();
    for (const read of [agent.readBootstrap, agent.readLock, agent.readSettings, agent.readTurn])
      expect(await read()).toBeNull();
    expect(await agent.readStarted('i-1')).toBeNull();
  });

  test('has one bootstrap, which is marked created once, and the agent reads what the task wrote', async () => {
    const member = {
      name: 'i-1',
      instanceId: 'i-1',
      zone: 'eu-west-1a',
      address: '10.0.0.1',
      peerUrl: 'http://10.0.0.1:2380',
      clientUrl: 'http://10.0.0.1:2379',
    };
    const record: BootstrapRecord = {
      cluster,
      item: 'bootstrap',
      clusterToken: 'etcd-1',
      etcdVersion: '3.5.35',
      members: [member],
      writtenAt: '2026-01-01T00:00:00.000Z',
      writtenBy: 'arn:first',
    };
    expect(await tasks.writeCreatedOnce('2026-01-01T00:00:01.000Z')).toBe(false);
    expect(await tasks.writeBootstrapOnce(record)).toBe(true);
    expect(await tasks.writeBootstrapOnce({ ...record, writtenBy: 'arn:second' })).toBe(false);
    expect(await agent.readBootstrap()).toEqual(record);
    expect(await tasks.writeCreatedOnce('2026-01-01T00:00:01.000Z')).toBe(true);
    expect(await tasks.writeCreatedOnce('2026-01-01T00:00:02.000Z')).toBe(false);
    const created = { ...record, createdAt: '2026-01-01T00:00:01.000Z' };
    expect(await tasks.readBootstrap()).toEqual(created);
    expect(await agent.readBootstrap()).toEqual(created);
  });

  test('has settings that each deployment writes anew', async () => {
    const settings = {
      cluster,
      item: 'settings' as const,
      groupName: 'group',
      members: 3,
      hostedZone: { id: 'Z1', name: 'etcd.internal' },
      etcd: { quotaBackendBytes: 2 ** 31, compactionHours: 0 },
      defragmentation: { abovePercent: 50, fromMiB: 100 },
      recordTtlSeconds: 10,
      logGroupName: '/etcd-appliance/etcd',
      writtenAt: '2026-01-01T00:00:00.000Z',
    };
    await tasks.putSettings(settings);
    await tasks.putSettings({ ...settings, members: 5 });
    expect(await agent.readSettings()).toEqual({ ...settings, members: 5 });
  });

  test('gives the lock to who has seen it last, and to one of many who ask at once', async () => {
    const free: LockRecord = { cluster, item: 'lock', token: 0 };
    const held: LockRecord = {
      ...free,
      holder: 'arn:a',
      purpose: 'upgrade',
      token: 1,
      joins: true,
      leaseUntilMs: 5e12,
    };
    const again: LockRecord = { ...free, holder: 'arn:b', token: 2 };
    expect(await tasks.replaceLock(null, held)).toBe(true);
    expect(await tasks.replaceLock(null, again)).toBe(false);
    expect(await tasks.replaceLock({ ...held, token: 0 }, again)).toBe(false);
    expect(await tasks.replaceLock({ ...held, holder: 'arn:c' }, again)).toBe(false);
    expect(await tasks.replaceLock({ ...free, token: 1 }, again)).toBe(false);
    expect(await agent.readLock()).toEqual(held);
    const released: LockRecord = { ...free, token: 1 };
    expect(await tasks.replaceLock(held, released)).toBe(true);
    expect(await agent.readLock()).toEqual(released);
    expect(await tasks.replaceLock(held, again)).toBe(false);
    const racers = ['arn:x', 'arn:y', 'arn:z', 'arn:w'];
    const won = await Promise.all(racers.map((holder) => tasks.replaceLock(released, { ...free, holder, token: 2 })));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await tasks.readLock())?.holder).toBe(racers[won.indexOf(true)]);
  });

  test('keeps the first claim of a member, whoever asks again', async () => {
    expect(await agent.claimStart('i-1', 'mine', 'eu-west-1a')).toBe(true);
    expect(await agent.claimStart('i-1', 'mine', 'eu-west-1a')).toBe(true);
    expect(await agent.claimStart('i-1', 'other', 'eu-west-1a')).toBe(false);
    expect(await agent.readStarted('i-1')).toMatchObject({ cluster, item: 'started#i-1', claim: 'mine' });
    expect(await agent.claimStart('i-2', 'other', 'eu-west-1a')).toBe(true);
  });

  test('gives the turn to change the membership to one agent at a time', async () => {
    const held = { holder: 'i-1', purpose: 'join', token: 1, untilMs: 5e12 };
    expect(await agent.replaceTurn(null, held)).toBe(true);
    expect(await recordOf('i-2').replaceTurn(null, { ...held, holder: 'i-2' })).toBe(false);
    const seen = await agent.readTurn();
    expect(seen).toEqual({ cluster, item: 'membership', ...held });
    const free = { token: 1, newcomer: { peerUrl: 'http://10.0.0.9:2380', instanceId: 'i-9' }, changedAtMs: 4e12 };
    expect(await agent.replaceTurn(seen, free)).toBe(true);
    expect(await agent.replaceTurn(seen, free)).toBe(false);
    const idle = await recordOf('i-2').readTurn();
    expect(idle).toEqual({ cluster, item: 'membership', ...free });
    const won = await Promise.all(
      ['i-2', 'i-3', 'i-4'].map((holder) => recordOf(holder).replaceTurn(idle, { holder, token: 2 })),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  test('appends to the audit trail, the same event of a task once', async () => {
    const entry = { at: '2026-01-01T00:00:00.000Z', who: 'arn:a', what: 'lock taken', why: 'upgrade' };
    await tasks.audit({ ...entry, after: { token: 1 } }, 'arn:a/1');
    await tasks.audit({ ...entry, after: { token: 1 } }, 'arn:a/1');
    await tasks.audit(entry, 'arn:a/2');
    await agent.audit({ what: 'member added', why: 'the group grew', before: ['a'], after: ['a', 'b'] });
    const trail = await items('audit#');
    expect(trail.map(({ who, what, before, after }) => ({ who, what, before, after }))).toEqual([
      { who: 'arn:a', what: 'lock taken', after: { token: 1 } },
      { who: 'arn:a', what: 'lock taken' },
      { who: 'i-1', what: 'member added', before: ['a'], after: ['a', 'b'] },
    ]);
    expect(trail[0]).toEqual({ ...entry, cluster, item: `audit#${entry.at}#arn:a/1`, after: { token: 1 } });
  });
});
