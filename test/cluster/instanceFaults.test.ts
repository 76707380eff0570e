/** That the faults of instances are what they say: on instances whose agent does nothing but run and keep a child. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { processesOf } from '../../infra/local/ec2/processes.ts';
import { eventually, openSmallHome, type SmallHome } from '../infra/local/autoscaling/smallHome.ts';
import { copyDisk, crash, cutPower, pause, stillRunning, wipe } from './instanceFaults.ts';

jest.setTimeout(60_000);

let small: SmallHome;
let ids: readonly string[];
let ended = () => {};

const root = (instanceId: string) => join(small.folder, 'instances', instanceId);
const pidsOf = (instanceId: string) => processesOf(root(instanceId)).map(({ pid }) => pid);
const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.charAt(0);
const starts = (instanceId: string) =>
  readFileSync(join(root(instanceId), 'starts'), 'utf8')
    .trim()
    .split('\n').length;
const file = (instanceId: string, name: string) => join(root(instanceId), 'var/lib/etcd/data', name);

beforeEach(async () => {
  small = await openSmallHome(2);
  const ready = (instanceId: string) => existsSync(join(root(instanceId), 'run/etcd-agent/ready'));
  ids = await eventually(() => {
    const found = small.home.services.ec2.instances().map(({ instanceId }) => instanceId);
    return found.length === 2 && found.every(ready) ? found : null;
  });
  for (const id of ids) {
    mkdirSync(join(root(id), 'var/lib/etcd/data'), { recursive: true });
    writeFileSync(file(id, 'identity'), id);
  }
});
afterEach(async () => {
  ended();
  ended = () => {};
  await small.close();
});

test('a power cut leaves nothing, and EC2 says so', async () => {
  const [first = '', second = ''] = ids;
  const pids = pidsOf(first);
  expect(pids).toHaveLength(2);
  await cutPower(small.home, first);
  expect(stillRunning(pids)).toEqual([]);
  expect(small.home.services.ec2.instances()[0]).toMatchObject({ instanceId: first, state: 'terminated' });
  expect(pidsOf(second)).toHaveLength(2);
});

test('a crash ends all processes; the agent starts again', async () => {
  const [first = ''] = ids;
  const pids = pidsOf(first);
  await crash(small.home, first);
  expect(stillRunning(pids)).toEqual([]);
  await eventually(() => starts(first) === 2);
});

test('a pause stops all processes, and they go on', async () => {
  const [first = '', second = ''] = ids;
  const { end } = await pause(small.home, first);
  ended = end;
  expect(pidsOf(first).map(stateOf)).toEqual(['T', 'T']);
  expect(pidsOf(second).map(stateOf)).not.toContain('T');
  const pids = pidsOf(first);
  end();
  await eventually(() => pids.every((pid) => stateOf(pid) !== 'T'));
});

test('a home that is closed ends paused processes too', async () => {
  const [first = ''] = ids;
  await pause(small.home, first);
  const pids = ids.flatMap(pidsOf);
  await small.home.close();
  expect(stillRunning(pids)).toEqual([]);
});

test('a wiped disk is empty when the agent starts again', async () => {
  const [first = ''] = ids;
  await wipe(small.home, first);
  await eventually(() => starts(first) === 2);
  expect(existsSync(join(root(first), 'var/lib/etcd'))).toBe(true);
  expect(existsSync(file(first, 'identity'))).toBe(false);
});

test('a copied disk is the same on both', async () => {
  const [first = '', second = ''] = ids;
  await copyDisk(small.home, first, second);
  await eventually(() => starts(second) === 2);
  expect(readFileSync(file(second, 'identity'), 'utf8')).toBe(first);
  expect(starts(first)).toBe(1);
  expect(pidsOf(first).map(stateOf)).not.toContain('T');
});
