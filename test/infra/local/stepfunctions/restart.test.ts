/** Executions go on where they were when the home is started again on the same file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { invokeResource, type Lambda, named, only, openStates, task } from './fixture.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'etcd-appliance-states-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (lambdas: Record<string, Lambda> = {}) => openStates(lambdas, join(folder, 'home.sqlite'));
const forever: Lambda = (_, signal) =>
  new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

test('a function that was being called is called again, with the same payload', async () => {
  const payloads: unknown[] = [];
  const before = open({
    work: (payload, signal) => {
      payloads.push(payload);
      return forever(payload, signal);
    },
  });
  const arn = before.startExecution(only(task('work')), { n: 1 });
  await before.stop();
  const after = open({
    work: (payload) => {
      payloads.push(payload);
      return 'done';
    },
  });
  expect(await after.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: 'done' });
  expect(payloads).toEqual([{ n: 1 }, { n: 1 }]);
  expect(after.history(arn).filter(({ type }) => type === 'TaskScheduled')).toHaveLength(1);
  await after.stop();
});

test('a task token that was given out is still good', async () => {
  let taskToken = '';
  const state = {
    Type: 'Task',
    Resource: `${invokeResource}.waitForTaskToken`,
    Parameters: { FunctionName: 'ask', Payload: { 'token.$': '$$.Task.Token' } },
    HeartbeatSeconds: 600,
    End: true,
  };
  const lambdas = {
    ask: ({ token }: { token: string }) => {
      taskToken = token;
      return null;
    },
  };
  const before = open(lambdas);
  const arn = before.startExecution(only(state));
  await before.reached(arn, 'TaskSubmitted');
  await before.stop();
  const after = open({
    ask: () => {
      throw named('CalledAgain');
    },
  });
  after.call('SendTaskHeartbeat', { taskToken });
  after.call('SendTaskSuccess', { taskToken, output: '"yes"' });
  expect(await after.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: 'yes' });
  await after.stop();
});

test('waits, retries and time limits that came due meanwhile', async () => {
  const before = open({
    fail: () => {
      throw named('Flaky');
    },
    forever,
  });
  const Retry = [{ ErrorEquals: ['Flaky'], IntervalSeconds: 1 }];
  const waiting = before.startExecution(only({ Type: 'Wait', Seconds: 1, End: true }), 'waited');
  const retrying = before.startExecution(only(task('fail', { Retry, End: true })));
  const late = before.startExecution(only(task('forever', { TimeoutSeconds: 1, End: true })));
  const tooLate = before.startExecution(only(task('forever'), { TimeoutSeconds: 1 }));
  await before.reached(retrying, 'TaskFailed');
  await before.stop();
  const after = open({ fail: () => 'well', forever });
  expect(await after.ended(waiting)).toMatchObject({ status: 'SUCCEEDED', output: 'waited' });
  expect(await after.ended(retrying)).toMatchObject({ status: 'SUCCEEDED', output: 'well' });
  expect(await after.ended(late)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  expect(await after.ended(tooLate)).toMatchObject({ status: 'TIMED_OUT' });
  await after.stop();
});

test('a Map half done, and a nested execution', async () => {
  const called: unknown[] = [];
  const half: Lambda = (payload, signal) => {
    called.push(payload);
    return payload === 1 ? 'one' : forever(payload, signal);
  };
  const before = open({ work: half });
  const map = only({
    Type: 'Map',
    ItemProcessor: { StartAt: 'Each', States: { Each: task('work') } },
    End: true,
  });
  const StateMachineArn = before.createMachine(map);
  const Parameters = { StateMachineArn, 'Input.$': '$' };
  const Resource = 'arn:aws:states:::states:startExecution.sync:2';
  const outer = only({ Type: 'Task', Resource, Parameters, OutputPath: '$.Output', End: true });
  const arn = before.startExecution(outer, [1, 2]);
  await before.reached(arn, 'TaskSubmitted');
  const { executions } = before.call('ListExecutions', { stateMachineArn: StateMachineArn });
  await before.reached(executions[0].executionArn, 'MapIterationSucceeded');
  await before.stop();
  const after = open({
    work: (payload) => {
      called.push(payload);
      return 'again';
    },
  });
  expect(await after.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: ['one', 'again'] });
  expect(called).toEqual([1, 2, 2]);
  await after.stop();
});

test('a process that is killed in the middle', async () => {
  const file = join(folder, 'home.sqlite');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  child.kill('SIGKILL');
  await ended;
  const after = open({ work: (payload: number) => payload * 10 });
  expect(await after.ended(String(line))).toMatchObject({ status: 'SUCCEEDED', output: [10, 20, 30] });
  const ids = after.history(String(line)).map(({ id }) => id);
  expect(ids).toEqual(ids.map((_, index) => index + 1));
  await after.stop();
});
