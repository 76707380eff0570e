/** The lock's tasks against a real table of the local home. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LockRecord } from '#etcd/record.ts';
import { type Home, openHome } from '../../../infra/local/home.ts';
import type { Tasks } from '../../../tasks/catalogue.ts';
import { taken } from '../../../tasks/plan/lock.ts';

type Task<Name extends keyof Tasks> = (input: Tasks[Name]['input']) => Promise<Tasks[Name]['output']>;

const folder = mkdtempSync(join(tmpdir(), 'lock-'));
let home: Home;
let database: DynamoDBClient;
let takeLock: Task<'takeLock'>;
let renewLease: typeof import('../../../tasks/lock/lease.ts').renewLease;
let releaseLock: Task<'releaseLock'>;
let cluster = 0;

beforeAll(async () => {
  home = await openHome({ folder });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: home.endpoint,
    AWS_REGION: home.context.region,
    AWS_ACCESS_KEY_ID: home.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: home.credentials.secretAccessKey,
    TABLE: 'records',
    REGIONS: home.context.region,
  });
  database = new DynamoDBClient({});
  const [AttributeType, BillingMode] = ['S', 'PAY_PER_REQUEST'] as const;
  await database.send(
    new CreateTableCommand({
      TableName: 'records',
      BillingMode,
      KeySchema: [
        { AttributeName: 'cluster', KeyType: 'HASH' },
        { AttributeName: 'item', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: ['cluster', 'item'].map((AttributeName) => ({ AttributeName, AttributeType })),
    }),
  );
  // As in Lambda: clients are built with the environment that is there when the task is loaded.
  ({ handler: takeLock } = await import('../../../tasks/lock/takeLock.ts'));
  ({ renewLease } = await import('../../../tasks/lock/lease.ts'));
  ({ handler: releaseLock } = await import('../../../tasks/lock/releaseLock.ts'));
});
afterAll(async () => {
  database.destroy();
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  process.env.CLUSTER = `cluster-${++cluster}`;
});

const take = (holder: string, leaseSeconds = 60) =>
  takeLock({ holder, purpose: 'upgrade', leaseSeconds, joins: false, resumes: false });

describe('the lock', () => {
  test('has one holder, and its token grows by one each time it is taken', async () => {
    expect(await take('one')).toEqual({ token: 1 });
    expect(await take('one')).toEqual({ token: 1 });
    await expect(take('two')).rejects.toMatchObject({
      name: 'LockHeld',
      message: expect.stringContaining('one holds the lock'),
    });
    expect(await releaseLock({ holder: 'one', token: 1 })).toEqual({ released: true });
    expect(await releaseLock({ holder: 'one', token: 1 })).toEqual({ released: true });
    expect(await take('two')).toEqual({ token: 2 });
    const { Items = [] } = await database.send(new ScanCommand({ TableName: 'records' }));
    const own = Items.map((item) => unmarshall(item)).filter((item) => item.cluster === process.env.CLUSTER);
    expect(
      own
        .filter(({ item }) => String(item).startsWith('audit#'))
        .map(({ what }) => what)
        .sort(),
    ).toEqual(['lock taken with token 1', 'lock taken with token 2', 'lock with token 1 released']);
  });

  test('goes to exactly one of many who take it at once', async () => {
    const ends = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((holder) => take(holder)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ name: 'LockHeld' });
  });

  test('is renewed and released by its holder alone', async () => {
    const { token } = await take('one', 1);
    expect(await renewLease({ holder: 'one', token }, 600)).toBeGreaterThan(Date.now());
    await expect(renewLease({ holder: 'two', token }, 1)).rejects.toMatchObject({ name: 'LockHeld' });
    await expect(renewLease({ holder: 'one', token: token + 1 }, 1)).rejects.toMatchObject({ name: 'LockHeld' });
    await releaseLock({ holder: 'two', token });
    await releaseLock({ holder: 'one', token: token + 1 });
    await expect(take('two')).rejects.toMatchObject({ name: 'LockHeld' });
  });

  test('is not free because its lease has run out: that is an operator’s decision', async () => {
    await take('crashed', -1);
    await expect(take('next')).rejects.toThrow('its lease has run out, so it may have crashed');
    expect(await take('crashed')).toEqual({ token: 1 });
  });
});

test('whatever happens to the lock, its token never falls and names one taking', () => {
  const holder = fc.constantFrom('a', 'b', 'c');
  const step = fc.record({ holder, free: fc.boolean(), ended: fc.boolean(), nowMs: fc.nat({ max: 1e12 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let lock: LockRecord | null = null;
      const holders = new Map<number, string>();
      for (const { holder, free, ended, nowMs } of steps) {
        const before: LockRecord | null = lock;
        try {
          lock = taken(before, {
            cluster: 'etcd',
            holder,
            purpose: '',
            nowMs,
            leaseSeconds: 60,
            joins: false,
            holderEnded: ended,
          });
          expect(lock.token).toBeGreaterThanOrEqual(before?.token ?? 1);
          expect(holders.get(lock.token) ?? holder).toBe(holder);
          holders.set(lock.token, holder);
        } catch (error) {
          expect(error).toMatchObject({ name: 'LockHeld' });
          expect(before?.holder).not.toBe(holder);
          expect(ended).toBe(false);
        }
        if (free && lock !== null) lock = { cluster: 'etcd', item: 'lock', token: lock.token };
      }
    }),
  );
});
