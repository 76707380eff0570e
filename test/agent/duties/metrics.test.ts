/** The agent's records: counted between two of them, told once, in the log whatever becomes of CloudWatch. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createMetrics, type Metrics } from '../../../agent/duties/metrics.ts';
import { type Aws, AwsCallError } from '../../../agent/machine/aws.ts';
import { layoutBelow } from '../../../agent/machine/layout.ts';
import type { Description } from '../../../agent/protocol.ts';

type Fields = Readonly<Record<string, unknown>>;

const identity = {
  instanceId: 'i-00000001',
  address: '127.0.0.1',
  zone: 'a',
  region: 'eu-west-1',
  cluster: 'etcd',
  table: 't',
  bucket: 'b',
  signerArn: '',
  homeRegion: 'eu-west-1',
};

let root: string;
let told: Fields[];
let called: { target: string; input: Fields }[];
let answers: (Error | null)[];
let logGroupName: string | undefined;
let looked: number;
let description: Description;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'metrics-'));
  told = [];
  called = [];
  answers = [];
  logGroupName = '/etcd-appliance/etcd';
  looked = 0;
  description = {
    ...identity,
    agentVersion: '0.1.0',
    phase: 'running',
    reason: 'etcd is kept running',
    etcd: { pid: 7, version: '3.5.35', starts: 1, crashes: 0, lastExit: null },
    member: { id: 'a', clusterId: 'c', clusterVersion: '3.5.0', isLeader: false, leaderId: 'b', members: [] },
    health: { verdict: 'healthy' },
    database: null,
    housekeeping: null,
    dns: null,
    command: null,
  };
});
afterEach(() => rmSync(root, { recursive: true }));

/** As after a start of the agent. */
function start(): Metrics {
  const aws = {
    nowMs: Date.now,
    async call(_service: string, target: string, input: Fields) {
      called.push({ target: target.split('.').at(-1) ?? '', input });
      const answer = answers.shift() ?? null;
      if (answer !== null) throw answer;
      return {};
    },
  };
  return createMetrics({
    identity,
    layout: layoutBelow(root),
    aws: aws as unknown as Aws,
    record: { readSettings: async () => ({ logGroupName }) } as never,
    look: async () => {
      looked++;
      return { seen: null, reason: 'no member answers a linearizable read' };
    },
    log: (event, fields = {}) => void (event === 'metrics' && told.push(fields)),
    describe: async () => description,
  });
}

const last = () => told.at(-1) ?? {};
const seesLeader = (leaderId: string | null) => {
  const { member } = description;
  description = { ...description, member: member && { ...member, leaderId } };
};

test('a record is in the log and, by the same words, in the log group', async () => {
  await start().publish();
  expect(told).toHaveLength(1);
  expect(last()).toMatchObject({ Cluster: 'etcd', Member: 'i-00000001', MemberHealthy: 1, HasLeader: 1 });
  const [{ target, input } = { target: '', input: {} }] = called;
  expect(target).toBe('PutLogEvents');
  expect(input).toMatchObject({ logGroupName: '/etcd-appliance/etcd', logStreamName: 'i-00000001' });
  const [event] = input.logEvents as { message: string; timestamp: number }[];
  expect(JSON.parse(event?.message ?? '')).toEqual(last());
});

test('the stream is made where it is missing', async () => {
  answers = [new AwsCallError('ResourceNotFoundException', 'no stream')];
  await start().publish();
  expect(called.map(({ target }) => target)).toEqual(['PutLogEvents', 'CreateLogStream', 'PutLogEvents']);
});

test('a CloudWatch that refuses leaves the record in the log', async () => {
  answers = [new AwsCallError('AccessDeniedException', 'no')];
  await expect(start().publish()).rejects.toThrow('AccessDeniedException: no');
  expect(told).toHaveLength(1);
});

test('settings without a log group: the log alone', async () => {
  logGroupName = undefined;
  await start().publish();
  expect([told.length, called.length]).toEqual([1, 0]);
});

test('other leaders are counted between two records, also those that were gone again by then', async () => {
  const metrics = start();
  await metrics.publish();
  expect(last()).toHaveProperty('LeaderChanges', 0);
  for (const leader of ['b', 'c', null, 'c', 'b']) metrics.saw(leader);
  await metrics.publish();
  expect(last()).toHaveProperty('LeaderChanges', 2);
  seesLeader('d');
  await metrics.publish();
  expect(last()).toHaveProperty('LeaderChanges', 1);
  seesLeader(null);
  await metrics.publish();
  expect(last()).toMatchObject({ LeaderChanges: 0, HasLeader: 0 });
});

test('restarts and crashes are told once, also those of agents that ended before they could', async () => {
  const crashed = (crashes: number) => {
    description = { ...description, etcd: { ...description.etcd, crashes } };
  };
  await start().publish();
  expect(last()).toMatchObject({ AgentRestarts: 0, EtcdCrashes: 0 });
  crashed(2);
  start();
  const metrics = start();
  await metrics.publish();
  expect(last()).toMatchObject({ AgentRestarts: 2, EtcdCrashes: 2 });
  await metrics.publish();
  expect(last()).toMatchObject({ AgentRestarts: 0, EtcdCrashes: 0 });
  crashed(3);
  await start().publish();
  expect(last()).toMatchObject({ AgentRestarts: 1, EtcdCrashes: 1 });
});

test('who does not lead does not look around; who leads and sees nothing says nothing of the cluster', async () => {
  const metrics = start();
  await metrics.publish();
  expect(looked).toBe(0);
  const { member } = description;
  description = { ...description, member: member && { ...member, isLeader: true } };
  await metrics.publish();
  expect([looked, told.length]).toEqual([1, 2]);
});

test('who has left says no more', async () => {
  description = { ...description, phase: 'left' };
  await start().publish();
  expect(told).toEqual([]);
});
