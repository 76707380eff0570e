/** What a state takes from its input, and what it leaves for the next one. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { functionArn, only, openStates, type States, task } from './fixture.ts';

let states: States;

beforeAll(() => {
  states = openStates({
    echo: (payload) => payload,
    large: () => 'x'.repeat(262_144),
  });
});
afterAll(() => states.stop());

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
