/** Tasks: results and errors of functions, Retry and Catch, tokens, time-outs and heartbeats. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { functionArn, invokeResource, named, only, openStates, type States, task, withToken } from './fixture.ts';

let states: States;
let attempts: number;

beforeAll(() => {
  states = openStates({
    echo: (payload) => payload,
    fail: (payload: { name: string; message: string }) => {
      throw named(payload.name, payload.message);
    },
    failTwice: () => {
      attempts += 1;
      if (attempts <= 2) throw named('Flaky');
      return { attempts };
    },
    never: (_, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    answer: ({ token, output }: { token: string; output: unknown }) => {
      states.call('SendTaskSuccess', { taskToken: token, output: JSON.stringify(output) });
      return null;
    },
    refuse: ({ token }: { token: string }) => {
      states.call('SendTaskFailure', { taskToken: token, error: 'Refused', cause: 'no' });
      return null;
    },
  });
});
afterAll(() => states.stop());

describe('tasks', () => {
  test('the result of lambda:invoke', async () => {
    const state = {
      Type: 'Task',
      Resource: invokeResource,
      Parameters: { FunctionName: functionArn('echo') },
      End: true,
    };
    const { output } = await states.run(only(state));
    expect(output).toMatchObject({ ExecutedVersion: '$LATEST', Payload: {}, StatusCode: 200 });
  });

  test('an error thrown by the function has its name, and the payload as cause', async () => {
    const ending = await states.run(only(task('fail')), { name: 'Unsafe', message: 'no quorum' });
    expect(ending).toMatchObject({ status: 'FAILED', error: 'Unsafe' });
    expect(JSON.parse(ending.cause ?? '')).toEqual({ errorType: 'Unsafe', errorMessage: 'no quorum', trace: [] });
  });

  test('an error of the invocation', async () => {
    const ending = await states.run(only(task('missing')));
    expect(ending).toMatchObject({ status: 'FAILED', error: 'Lambda.ResourceNotFoundException' });
    expect(ending.cause).toContain('Function not found');
  });

  test('Retry, then Catch, with their counts and paths', async () => {
    attempts = 0;
    const Retry = [
      { ErrorEquals: ['Other'], MaxAttempts: 9 },
      { ErrorEquals: ['Flaky'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 1 },
    ];
    const Catch = [
      { ErrorEquals: ['Other'], Next: 'No' },
      { ErrorEquals: ['States.TaskFailed'], ResultPath: '$.failure', Next: 'Yes' },
    ];
    const definition = {
      StartAt: 'T',
      States: { T: task('failTwice', { Retry, Catch, Next: 'No' }), Yes: { Type: 'Succeed' }, No: { Type: 'Fail' } },
    };
    const ending = await states.run(definition, { kept: 1 });
    expect(ending).toMatchObject({ status: 'SUCCEEDED', path: ['T', 'Yes'] });
    expect(ending.output).toMatchObject({
      kept: 1,
      failure: { Error: 'Flaky', Cause: expect.stringContaining('Flaky') },
    });
    expect(attempts).toBe(2);
    const types = states.history(ending.arn).map(({ type }) => type);
    expect(types).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      ...['TaskScheduled', 'TaskStarted', 'TaskFailed'],
      ...['TaskScheduled', 'TaskStarted', 'TaskFailed'],
      'TaskStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ]);
  });

  test('a task token that comes back', async () => {
    const ending = await states.run(only(withToken('answer')), { x: 1 });
    expect(ending).toMatchObject({ status: 'SUCCEEDED', output: { x: 1 } });
    const ending2 = await states.run(only(withToken('refuse')));
    expect(ending2).toMatchObject({ status: 'FAILED', error: 'Refused', cause: 'no' });
  });

  test('the event types of a token and of a plain Lambda', async () => {
    const { arn } = await states.run(only(withToken('answer')));
    expect(states.history(arn).map(({ type }) => type)).toContain('TaskSucceeded');
    const plain = await states.run(only({ Type: 'Task', Resource: functionArn('echo'), End: true }), { a: 1 });
    expect(states.history(plain.arn).map(({ type, previousEventId }) => [type, previousEventId])).toEqual([
      ['ExecutionStarted', 0],
      ['TaskStateEntered', 0],
      ['LambdaFunctionScheduled', 2],
      ['LambdaFunctionStarted', 3],
      ['LambdaFunctionSucceeded', 4],
      ['TaskStateExited', 5],
      ['ExecutionSucceeded', 6],
    ]);
  });

  test('TimeoutSeconds', async () => {
    const ending = await states.run(only(task('never', { TimeoutSecondsPath: '$.limit', End: true })), { limit: 1 });
    expect(ending).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(states.history(ending.arn).map(({ type }) => type)).toContain('TaskTimedOut');
  });

  test('HeartbeatSeconds', async () => {
    const silent = await states.run(only(withToken('echo', { HeartbeatSeconds: 1 })));
    expect(silent).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(states.history(silent.arn).map(({ type }) => type)).toContain('TaskTimedOut');
  });

  test('a heartbeat begins the time anew, until the task has ended', async () => {
    const arn = states.startExecution(only(withToken('echo', { HeartbeatSeconds: 600 })));
    await states.reached(arn, 'TaskSubmitted');
    const scheduled = states.history(arn).find(({ type }) => type === 'TaskScheduled')?.taskScheduledEventDetails;
    const taskToken = JSON.parse(scheduled?.parameters ?? '').Payload.token;
    const due = () => {
      const sql = "SELECT due FROM states_timers WHERE executionArn = ? AND kind = 'heartbeat'";
      return Number(states.database.prepare(sql).get(arn)?.due);
    };
    const first = due();
    expect(first).toBeGreaterThan(Date.now());
    while (Date.now() + 600_000 <= first) await new Promise((resolve) => setImmediate(resolve));
    states.call('SendTaskHeartbeat', { taskToken });
    expect(due()).toBeGreaterThan(first);
    states.call('SendTaskSuccess', { taskToken, output: '1' });
    expect(await states.ended(arn)).toMatchObject({ status: 'SUCCEEDED', output: 1 });
    expect(states.refusal('SendTaskHeartbeat', { taskToken })).toMatch(/^TaskTimedOut/);
  });

  test('TimeoutSeconds of the machine', async () => {
    const ending = await states.run(only(task('never'), { TimeoutSeconds: 1 }));
    expect(ending).toMatchObject({ status: 'TIMED_OUT' });
    expect(states.history(ending.arn).at(-1)?.type).toBe('ExecutionTimedOut');
  });
});
