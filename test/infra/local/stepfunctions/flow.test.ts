/** Which state comes next, when, and with what a machine ends. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { only, openStates, type States } from './fixture.ts';

let states: States;

beforeAll(() => {
  states = openStates();
});
afterAll(() => states.stop());

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
