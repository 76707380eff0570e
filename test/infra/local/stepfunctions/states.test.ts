/** What each type of state does, on small machines. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { functionArn, invokeResource, named, only, openStates, type States, task } from './fixture.ts';

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
    large: () => 'x'.repeat(262_144),
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

const withToken = (name: string, more: object = {}) => ({
  Type: 'Task',
  Resource: `${invokeResource}.waitForTaskToken`,
  Parameters: { FunctionName: name, Payload: { 'token.$': '$$.Task.Token', 'output.$': '$' } },
  End: true,
  ...more,
});

describe('data flow', () => {
  test('InputPath, Parameters, ResultSelector, ResultPath, OutputPath', async () => {
    const state = {
      Type: 'Task',
      Resource: functionArn('echo'),
      InputPath: '$.in',
      Parameters: { 'got.$': '$.value', 'state.$': '$$.State.Name', fixed: { a: [1] } },
      ResultSelector: { 'value.$': '$.got', 'all.$': '$' },
      ResultPath: '$.out.result',
      OutputPath: '$.out',
      End: true,
    };
    const ending = await states.run(only(state), { in: { value: 7 }, out: { kept: true } });
    const got = { got: 7, state: 'Only', fixed: { a: [1] } };
    expect(ending.output).toEqual({ kept: true, result: { value: 7, all: got } });
  });

  test.each([
    ['ResultPath null drops the result', { ResultPath: null, Result: 1 }, { a: 1 }],
    ['InputPath null is an empty object', { InputPath: null }, {}],
    ['OutputPath null is an empty object', { OutputPath: null }, {}],
    ['Result null is null', { Result: null }, null],
  ])('%s', async (_, more, output) => {
    expect((await states.run(only({ Type: 'Pass', End: true, ...more }), { a: 1 })).output).toEqual(output);
  });

  test('the context object', async () => {
    const state = { Type: 'Pass', Parameters: { 'c.$': '$$' }, OutputPath: '$.c', End: true };
    const { output, arn } = await states.run(only(state), { a: 1 });
    expect(output).toMatchObject({
      Execution: { Id: arn, Input: { a: 1 }, Name: arn.split(':').at(-1), RoleArn: expect.any(String) },
      State: { Name: 'Only', RetryCount: 0, EnteredTime: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) },
      StateMachine: { Id: arn.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, '') },
    });
  });

  test.each([
    [{ InputPath: '$.missing' }, "Invalid path '$.missing' in InputPath"],
    [
      { Parameters: { 'x.$': '$.missing' } },
      "The JSONPath '$.missing' specified for the field 'x.$' could not be found in the input '{}'",
    ],
  ])('a path that leads nowhere ends the execution: %j', async (more, cause) => {
    const { status, error, cause: given } = await states.run(only({ Type: 'Pass', End: true, ...more }));
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.Runtime' });
    expect(given).toContain("An error occurred while executing the state 'Only' (entered at the event id #2). ");
    expect(given).toContain(cause);
  });

  test('a ResultPath that does not fit can be caught; States.Runtime cannot', async () => {
    const caught = { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }], Next: 'Caught' };
    const run = (more: object) =>
      states.run(
        {
          StartAt: 'T',
          States: { T: task('echo', { ...more, ...caught, OutputPath: '$' }), Caught: { Type: 'Succeed' } },
        },
        { text: 'a' },
      );
    expect((await run({ ResultPath: '$.text.below' })).output).toMatchObject({
      Error: 'States.ResultPathMatchFailure',
    });
    expect((await run({ ResultSelector: { 'x.$': '$.missing' } })).error).toBe('States.Runtime');
  });

  test('256 KiB are enough for anybody', async () => {
    const ending = await states.run(only(task('large', { End: true, Retry: [{ ErrorEquals: ['States.ALL'] }] })));
    expect(ending).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded', path: ['Only'] });
  });
});

describe('Choice and Fail', () => {
  const machine = {
    StartAt: 'Which?',
    States: {
      'Which?': { Type: 'Choice', Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'One' }], Default: 'Other' },
      One: { Type: 'Succeed' },
      Other: { Type: 'Fail', ErrorPath: '$.error', CausePath: "States.Format('n is {}', $.n)" },
    },
  };
  test('a rule that holds', async () => {
    expect(await states.run(machine, { n: 1 })).toMatchObject({ status: 'SUCCEEDED', path: ['Which?', 'One'] });
  });
  test('the default, and an error from the input', async () => {
    const ending = await states.run(machine, { n: 2, error: 'Other' });
    expect(ending).toMatchObject({ status: 'FAILED', error: 'Other', cause: 'n is 2' });
  });
  test('an error that is no string', async () => {
    expect(await states.run(machine, { n: 2, error: 3 })).toMatchObject({ error: 'States.Runtime' });
  });
  test('no rule and no default', async () => {
    const choice = { Type: 'Choice', Choices: [{ Variable: '$.n', IsPresent: true, Next: 'End' }] };
    const ending = await states.run({ StartAt: 'A', States: { A: choice, End: { Type: 'Succeed' } } });
    expect(ending).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });
});

describe('Wait', () => {
  test.each([
    [{ Seconds: 0 }, {}],
    [{ SecondsPath: '$.s' }, { s: 0 }],
    [{ Timestamp: '2020-01-01T00:00:00Z' }, {}],
    [{ TimestampPath: '$.t' }, { t: '2020-01-01T00:00:00.123+01:00' }],
  ])('%j', async (time, input) => {
    const { status, output } = await states.run(only({ Type: 'Wait', ...time, End: true }), input);
    expect({ status, output }).toEqual({ status: 'SUCCEEDED', output: input });
  });
  test.each([
    [{ SecondsPath: '$.s' }, { s: -1 }],
    [{ SecondsPath: '$.s' }, { s: 'soon' }],
    [{ TimestampPath: '$.t' }, { t: 'soon' }],
    [{ TimestampPath: '$.t' }, {}],
  ])('%j of %j fails', async (time, input) => {
    expect((await states.run(only({ Type: 'Wait', ...time, End: true }), input)).error).toBe('States.Runtime');
  });
});

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

describe('Map and Parallel', () => {
  const each = (state: object, more: object = {}) =>
    only({ Type: 'Map', ItemProcessor: { StartAt: 'Each', States: { Each: state } }, End: true, ...more });

  test('a Map keeps the order, and gives each iteration its item', async () => {
    const selector = { 'v.$': '$$.Map.Item.Value', 'i.$': '$$.Map.Item.Index', 'of.$': '$.of' };
    const more = { ItemsPath: '$.items', ItemSelector: selector, MaxConcurrency: 2, InputPath: '$.in' };
    const input = { in: { items: ['a', 'b', 'c'], of: 3 } };
    const { output } = await states.run(each(task('echo'), more), input);
    expect(output).toEqual(['a', 'b', 'c'].map((v, i) => ({ v, i, of: 3 })));
    expect((await states.run(each(task('echo'), more), { in: { items: [], of: 0 } })).output).toEqual([]);
  });

  test('MaxConcurrency holds', async () => {
    let running = 0;
    let most = 0;
    const counted = openStates({
      count: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return null;
      },
    });
    await counted.run(each(task('count'), { MaxConcurrency: 2 }), [1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
    await counted.stop();
  });

  test('a Map of something else than an array', async () => {
    expect(await states.run(each({ Type: 'Succeed' }), { a: 1 })).toMatchObject({ error: 'States.Runtime' });
  });

  test('an iteration that fails aborts the others, and the Map is caught', async () => {
    const inner = {
      StartAt: 'Bad?',
      States: {
        'Bad?': { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 2, Next: 'Bad' }], Default: 'Good' },
        Good: { Type: 'Wait', Seconds: 1000, End: true },
        Bad: { Type: 'Fail', Error: 'Bad', Cause: 'two' },
      },
    };
    const definition = {
      StartAt: 'M',
      States: {
        M: { Type: 'Map', Iterator: inner, Catch: [{ ErrorEquals: ['Bad'], Next: 'Caught' }], End: true },
        Caught: { Type: 'Succeed' },
      },
    };
    const ending = await states.run(definition, [1, 2]);
    expect(ending).toMatchObject({ status: 'SUCCEEDED', output: { Error: 'Bad', Cause: 'two' } });
    const types = states.history(ending.arn).map(({ type }) => type);
    const order = ['MapIterationFailed', 'WaitStateAborted', 'MapIterationAborted', 'MapStateFailed', 'MapStateExited'];
    expect(types.filter((type) => order.includes(type ?? ''))).toEqual(order);
  });

  test('a Parallel with its branches, and its Retry', async () => {
    attempts = 0;
    const branch = (name: string, state: object) => ({ StartAt: name, States: { [name]: state } });
    const state = {
      Type: 'Parallel',
      Parameters: { 'n.$': '$.n' },
      Branches: [branch('A', task('failTwice')), branch('B', { Type: 'Pass', End: true })],
      Retry: [{ ErrorEquals: ['Flaky'], IntervalSeconds: 1, BackoffRate: 1 }],
      End: true,
    };
    expect(await states.run(only(state), { n: 1 })).toMatchObject({ output: [{ attempts: 3 }, { n: 1 }] });
  });

  test('a Map in a Parallel in a Map', async () => {
    const innermost = {
      StartAt: 'C',
      States: { C: { Type: 'Pass', Parameters: { 'i.$': '$$.Map.Item.Index' }, End: true } },
    };
    const parallel = {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'M', States: { M: { Type: 'Map', ItemProcessor: innermost, End: true } } },
        { StartAt: 'P', States: { P: { Type: 'Pass', Parameters: { 'i.$': '$$.Map.Item.Index' }, End: true } } },
      ],
      End: true,
    };
    const { output } = await states.run(each(parallel), [[7, 8], []]);
    expect(output).toEqual([
      [[{ i: 0 }, { i: 1 }], { i: 0 }],
      [[], { i: 1 }],
    ]);
  });
});

describe('nested executions', () => {
  const nested = (pattern: string, Parameters: object, more: object = { End: true }) =>
    only({ Type: 'Task', Resource: `arn:aws:states:::states:startExecution${pattern}`, Parameters, ...more });

  test('.sync:2 waits, and gives input and output as JSON', async () => {
    const StateMachineArn = states.createMachine(only(task('echo')));
    const { output, arn } = await states.run(nested('.sync:2', { StateMachineArn, Input: { a: 1 }, Name: 'inner' }));
    expect(output).toMatchObject({
      Name: 'inner',
      Status: 'SUCCEEDED',
      Input: { a: 1 },
      Output: { a: 1 },
      StateMachineArn,
    });
    const types = states.history(arn).map(({ type }) => type);
    expect(types.slice(2, 6)).toEqual(['TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded']);
  });

  test('its failure', async () => {
    const StateMachineArn = states.createMachine(only({ Type: 'Fail', Error: 'Inner', Cause: 'deep' }));
    const ending = await states.run(nested('.sync:2', { StateMachineArn }));
    expect(ending).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' });
    expect(JSON.parse(ending.cause ?? '')).toMatchObject({ Error: 'Inner', Cause: 'deep', Status: 'FAILED' });
  });

  test('no such machine, and a name that is taken', async () => {
    const missing = await states.run(
      nested('', { StateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:no' }),
    );
    expect(missing.error).toBe('StepFunctions.StateMachineDoesNotExistException');
    const StateMachineArn = states.createMachine(only({ Type: 'Succeed' }));
    await states.run(nested('.sync:2', { StateMachineArn, Name: 'taken' }));
    const taken = await states.run(nested('.sync:2', { StateMachineArn, Name: 'taken' }));
    expect(taken.error).toBe('StepFunctions.ExecutionAlreadyExistsException');
  });

  test('without .sync:2 nobody waits', async () => {
    const StateMachineArn = states.createMachine(only({ Type: 'Wait', Seconds: 1000, End: true }));
    const { output } = await states.run(nested('', { StateMachineArn, Input: '{}' }));
    expect(output).toMatchObject({ ExecutionArn: expect.stringContaining(':execution:') });
  });

  test('is stopped with the execution that waits for it', async () => {
    const StateMachineArn = states.createMachine(only({ Type: 'Wait', Seconds: 1000, End: true }));
    const arn = states.startExecution(nested('.sync:2', { StateMachineArn, Name: 'stopped' }));
    await states.reached(arn, 'TaskSubmitted');
    states.call('StopExecution', { executionArn: arn, error: 'Enough', cause: 'test' });
    expect(await states.ended(arn)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'test' });
    const inner = `${StateMachineArn.replace(':stateMachine:', ':execution:')}:stopped`;
    expect(await states.ended(inner)).toMatchObject({ status: 'ABORTED' });
  });
});

test('a history of 25,000 events is the end', async () => {
  const definition = { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } } };
  const ending = await states.run(definition);
  expect(ending).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  expect(ending.cause).toContain('maximum number of history events (25000)');
  const [last] = states.call('GetExecutionHistory', {
    executionArn: ending.arn,
    reverseOrder: true,
    maxResults: 1,
  }).events;
  expect(last).toMatchObject({ id: 25_000, type: 'ExecutionFailed' });
});
