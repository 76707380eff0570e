/** What CreateStateMachine refuses, and how it says so. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { functionArn, only, openStates, type States, task } from './fixture.ts';

let states: States;
beforeAll(() => {
  states = openStates();
});
afterAll(() => states.stop());

const pass = { Type: 'Pass', End: true };
const choice = (rule: object) => ({
  StartAt: 'Ask',
  States: { Ask: { Type: 'Choice', Choices: [rule] }, Only: pass },
});
const map = (more: object, config: object = {}) =>
  only({ Type: 'Map', ItemProcessor: { StartAt: 'Inner', States: { Inner: pass }, ...config }, End: true, ...more });
const retry = (...retriers: object[]) => only(task('f', { End: true, Retry: retriers }));

/** What AWS refuses, and what this product's machines never use: the stand-in takes no field that it would not carry out. */
const cases: readonly (readonly [string, unknown, string])[] = [
  ['no object', [], 'must be an object at /'],
  ['no states', { StartAt: 'A', States: {} }, 'must be an object with states at /States'],
  ['StartAt elsewhere', { StartAt: 'A', States: { B: pass } }, "names a state that is not there: 'A' at /StartAt"],
  ['an unknown field', { ...only(pass), Colour: 1 }, 'is not supported here: the field is not known'],
  ['JSONata', { ...only(pass), QueryLanguage: 'JSONata' }, 'only JSONPath is at /QueryLanguage'],
  ['JSONata in a state', only({ ...pass, QueryLanguage: 'JSONata' }), 'at /States/Only/QueryLanguage'],
  ['variables', only({ ...pass, Assign: {} }), 'variables at /States/Only/Assign'],
  ['an unknown type', only({ Type: 'Sleep', End: true }), 'must be one of Pass, Task'],
  ['an unknown state field', only({ ...pass, Seconds: 1 }), 'at /States/Only/Seconds'],
  ['Next to nowhere', only({ Type: 'Pass', Next: 'B' }), "there is no state 'B' at /States/Only/Next"],
  ['Next and End', only({ ...pass, Next: 'Only' }), 'must have either Next or End: true at /States/Only'],
  ['neither Next nor End', only({ Type: 'Pass' }), 'must have either Next or End: true at /States/Only'],
  [
    'a state out of reach',
    { StartAt: 'A', States: { A: pass, B: pass } },
    'cannot be reached from StartAt at /States/B',
  ],
  ['a long name', { StartAt: 'x'.repeat(81), States: { ['x'.repeat(81)]: pass } }, 'over 80 characters'],
  ['recursive descent', only({ ...pass, InputPath: '$..a' }), 'recursive descent'],
  ['a filter in Parameters', only({ ...pass, Parameters: { a: { 'b.$': '$[?(@.c)]' } } }), '/Parameters/a/b.$'],
  ['an unknown intrinsic', only({ ...pass, Parameters: { 'b.$': 'States.Foo(1)' } }), 'States.Foo is not supported'],
  ['x and x.$', only({ ...pass, Parameters: { b: 1, 'b.$': '$' } }), 'is there with and without .$'],
  ['an indefinite ResultPath', only({ ...pass, ResultPath: '$.a[*]' }), 'must be a reference path'],
  ['a context ResultPath', only({ ...pass, ResultPath: '$$.a' }), 'must not point into the context object'],
  ['no Resource', only({ Type: 'Task', End: true }), 'must have Resource at /States/Only'],
  [
    'an activity',
    only(task('f', { Resource: 'arn:aws:states:eu-west-1:123456789012:activity:a', End: true })),
    'activity:a',
  ],
  ['another service', only(task('f', { Resource: 'arn:aws:states:::sqs:sendMessage', End: true })), 'sqs:sendMessage'],
  [
    'lambda .sync',
    only(task('f', { Resource: 'arn:aws:states:::lambda:invoke.sync', End: true })),
    'lambda:invoke.sync',
  ],
  ['no function', only(task('f', { Parameters: {}, End: true })), 'is missing at /States/Only/Parameters/FunctionName'],
  [
    'an asynchronous invocation',
    only(task('f', { Parameters: { FunctionName: 'f', InvocationType: 'Event' }, End: true })),
    'at /States/Only/Parameters/InvocationType',
  ],
  ['credentials', only(task('f', { Credentials: {}, End: true })), 'a role per task at /States/Only/Credentials'],
  ['a time-out of 0', only(task('f', { TimeoutSeconds: 0, End: true })), 'integer from 1 to'],
  [
    'two time-outs',
    only(task('f', { TimeoutSeconds: 1, TimeoutSecondsPath: '$.t', End: true })),
    'must not be there together with TimeoutSeconds',
  ],
  [
    'a heartbeat beyond the time-out',
    only(task('f', { TimeoutSeconds: 5, HeartbeatSeconds: 5, End: true })),
    'must be less than TimeoutSeconds at /States/Only/HeartbeatSeconds',
  ],
  ['ErrorEquals missing', retry({}), 'at /States/Only/Retry[0]/ErrorEquals'],
  ['States.ALL with others', retry({ ErrorEquals: ['States.ALL', 'A'] }), 'must stand alone'],
  ['States.ALL first', retry({ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['A'] }), 'must stand alone'],
  ['an unknown States error', retry({ ErrorEquals: ['States.Oops'] }), "'States.Oops' is not a predefined error"],
  [
    'BackoffRate below 1',
    retry({ ErrorEquals: ['A'], BackoffRate: 0.5 }),
    'at least 1 at /States/Only/Retry[0]/BackoffRate',
  ],
  [
    'MaxDelaySeconds below the interval',
    retry({ ErrorEquals: ['A'], IntervalSeconds: 5, MaxDelaySeconds: 5 }),
    'must be greater than IntervalSeconds',
  ],
  ['another jitter', retry({ ErrorEquals: ['A'], JitterStrategy: 'SOME' }), 'must be FULL or NONE'],
  ['Catch without Next', only(task('f', { End: true, Catch: [{ ErrorEquals: ['A'] }] })), 'Catch[0]/Next'],
  ['no Choices', only({ Type: 'Choice' }), 'must have Choices'],
  ['an unknown operator', choice({ Variable: '$.a', StringLike: 'a', Next: 'Only' }), 'Choices[0]/StringLike'],
  [
    'two operators',
    choice({ Variable: '$.a', IsNull: true, IsString: true, Next: 'Only' }),
    'exactly one operator, not 2',
  ],
  ['a wrong operand', choice({ Variable: '$.a', NumericEquals: '1', Next: 'Only' }), 'must be a number'],
  [
    'Next in a nested rule',
    choice({ Not: { Variable: '$.a', IsNull: true, Next: 'Only' }, Next: 'Only' }),
    'top-level',
  ],
  ['Wait without a time', only({ Type: 'Wait', End: true }), 'must have Seconds or SecondsPath'],
  ['Wait with two times', only({ Type: 'Wait', Seconds: 1, SecondsPath: '$.s', End: true }), 'together with Seconds'],
  ['no timestamp', only({ Type: 'Wait', Timestamp: 'tomorrow', End: true }), 'must be a timestamp'],
  ['Succeed with End', only({ Type: 'Succeed', End: true }), 'at /States/Only/End'],
  ['Error and ErrorPath', only({ Type: 'Fail', Error: 'a', ErrorPath: '$.a' }), 'together with Error'],
  ['a distributed map', map({}, { ProcessorConfig: { Mode: 'DISTRIBUTED' } }), 'only INLINE is at'],
  ['ItemReader', map({ ItemReader: {} }), 'only inline maps are at /States/Only/ItemReader'],
  ['tolerated failures', map({ ToleratedFailurePercentage: 5 }), 'at /States/Only/ToleratedFailurePercentage'],
  ['a bad state in a map', map({}, { States: { Inner: { Type: 'Pass' } } }), '/ItemProcessor/States/Inner'],
  ['no branches', only({ Type: 'Parallel', Branches: [], End: true }), 'at /States/Only/Branches'],
  [
    'one name twice',
    only({ Type: 'Parallel', Branches: [only(pass)], End: true }),
    'has a name that another state of the machine has',
  ],
];

describe('CreateStateMachine refuses', () => {
  test.each(cases)('%s', (_, definition, message) => {
    const input = { name: 'refused', definition: JSON.stringify(definition), roleArn: 'arn' };
    const refusal = states.refusal('CreateStateMachine', input);
    expect(refusal).toMatch(/^InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: /);
    expect(refusal).toContain(message);
  });

  test('what is no JSON', () => {
    const refusal = states.refusal('CreateStateMachine', { name: 'refused', definition: '{', roleArn: 'arn' });
    expect(refusal).toContain('InvalidDefinition: Invalid State Machine Definition: ');
    expect(refusal).toContain('INVALID_JSON_DESCRIPTION');
  });

  test('nothing of a machine that uses everything there is', () => {
    const everything = {
      Comment: 'all',
      Version: '1.0',
      TimeoutSeconds: 60,
      StartAt: 'Plain',
      States: {
        Plain: { Type: 'Task', Resource: functionArn('f:1'), TimeoutSecondsPath: '$.t', Next: 'Start' },
        Start: {
          Type: 'Task',
          Resource: 'arn:aws-cn:states:::states:startExecution.sync:2',
          Parameters: { 'StateMachineArn.$': '$.machine', Input: { a: 1 }, 'Name.$': "States.Format('{}', $.n)" },
          ResultSelector: { 'out.$': '$.Output' },
          ResultPath: null,
          Catch: [{ ErrorEquals: ['States.TaskFailed'], ResultPath: '$.e', Next: 'Failed' }],
          Next: 'Each',
        },
        Each: {
          Type: 'Map',
          ItemsPath: '$.items[*]',
          MaxConcurrency: 3,
          ItemSelector: { 'v.$': '$$.Map.Item.Value' },
          ItemProcessor: {
            ProcessorConfig: { Mode: 'INLINE' },
            StartAt: 'Wait a bit',
            States: { 'Wait a bit': { Type: 'Wait', TimestampPath: '$.until', End: true } },
          },
          End: true,
        },
        Failed: { Type: 'Fail', ErrorPath: '$.e.Error', CausePath: "States.Format('{}', $.e.Cause)" },
      },
    };
    expect(states.createMachine(everything)).toContain(':stateMachine:');
  });
});
