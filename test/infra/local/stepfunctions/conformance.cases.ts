/** One small machine for each construct of the states language that our state machines use. */
import { functionArn, invokeResource, only, task } from './fixture.ts';

export interface Case {
  readonly name: string;
  readonly definition: object;
  readonly input?: unknown;
  /** Branches or iterations run side by side: the states are the same, their order is not. */
  readonly unordered?: true;
}

const succeed = { Type: 'Succeed' };
const pass = (more: object) => ({ Type: 'Pass', End: true, ...more });
const each = (state: object, more: object = {}) =>
  only({ Type: 'Map', ItemProcessor: { StartAt: 'Each', States: { Each: state } }, End: true, ...more });
const withToken = (name: string, more: object = {}) => ({
  Type: 'Task',
  Resource: `${invokeResource}.waitForTaskToken`,
  Parameters: { FunctionName: name, Payload: { 'token.$': '$$.Task.Token', 'output.$': '$' } },
  End: true,
  ...more,
});
const caught = (state: object, more: object = {}) => ({
  StartAt: 'Try',
  States: {
    Try: { ...state, End: undefined, Next: 'Fine', Catch: [{ ErrorEquals: ['States.ALL'], ...more, Next: 'Caught' }] },
    Fine: succeed,
    Caught: succeed,
  },
});
const retried = (...retriers: object[]) => only(task('flaky', { Retry: retriers, End: true }));
const flaky = { ErrorEquals: ['Flaky'], IntervalSeconds: 1, BackoffRate: 1 };

const dataFlow: Case[] = [
  { name: 'Pass', definition: only(pass({})), input: { a: 1 } },
  {
    name: 'Result and ResultPath',
    definition: only(pass({ Result: { x: [1] }, ResultPath: '$.r.s' })),
    input: { a: 1 },
  },
  { name: 'ResultPath null', definition: only(pass({ Result: 1, ResultPath: null })), input: { a: 1 } },
  { name: 'InputPath null', definition: only(pass({ InputPath: null })), input: { a: 1 } },
  { name: 'OutputPath null', definition: only(pass({ OutputPath: null })), input: { a: 1 } },
  {
    name: 'InputPath and OutputPath',
    definition: only(pass({ InputPath: '$.a', OutputPath: '$.b[1]' })),
    input: { a: { b: [1, 2] } },
  },
  {
    name: 'Parameters',
    definition: only(
      pass({ Parameters: { 'a.$': "$['x y'].z", b: { 'c.$': '$.list[*].n', d: [1, null] }, 'e.$': '$.list[0]' } }),
    ),
    input: { 'x y': { z: 'z' }, list: [{ n: 1 }, { n: 2 }] },
  },
  {
    name: 'all of Parameters, ResultSelector, ResultPath and OutputPath',
    definition: only({
      ...task('echo'),
      InputPath: '$.in',
      Parameters: { FunctionName: 'echo', Payload: { 'v.$': '$.v' } },
      ResultSelector: { 'got.$': '$.Payload.v', 'status.$': '$.StatusCode' },
      ResultPath: '$.out.result',
      OutputPath: '$.out',
    }),
    input: { in: { v: 7 }, out: { kept: true } },
  },
  {
    name: 'the context object',
    definition: only(
      pass({
        Parameters: { 'state.$': '$$.State.Name', 'input.$': '$$.Execution.Input', 'role.$': '$$.Execution.RoleArn' },
      }),
    ),
    input: { a: 1 },
  },
  { name: 'an InputPath that leads nowhere', definition: only(pass({ InputPath: '$.no' })) },
  { name: 'an OutputPath that leads nowhere', definition: only(pass({ OutputPath: '$.no' })) },
  { name: 'Parameters that lead nowhere', definition: only(pass({ Parameters: { 'a.$': '$.no' } })) },
  {
    name: 'a ResultPath that does not fit',
    definition: only(pass({ Result: 1, ResultPath: '$.a.b' })),
    input: { a: 'text' },
  },
];

const functions: Readonly<Record<string, string>> = {
  format: "States.Format('{} and {}: {}', $.name, $.n, $.object)",
  stringToJson: 'States.StringToJson($.json)',
  jsonToString: 'States.JsonToString($.object)',
  array: 'States.Array($.n, $.name, null, true)',
  partition: 'States.ArrayPartition($.list, 4)',
  contains: 'States.ArrayContains($.list, 5)',
  range: 'States.ArrayRange(1, 9, 2)',
  item: 'States.ArrayGetItem($.list, 4)',
  length: 'States.ArrayLength($.list)',
  unique: 'States.ArrayUnique($.list)',
  encode: 'States.Base64Encode($.name)',
  decode: "States.Base64Decode('QWRh')",
  hash: "States.Hash($.name, 'SHA-256')",
  merge: 'States.JsonMerge($.object, $.other, false)',
  add: 'States.MathAdd($.n, -1)',
  random: 'States.ArrayContains(States.ArrayRange(3, 9, 1), States.MathRandom(3, 9))',
  split: "States.StringSplit('1,2,3', ',')",
  uuid: "States.ArrayLength(States.StringSplit(States.UUID(), '-'))",
  nested: "States.ArrayGetItem(States.StringSplit(States.Format('{}-{}', $.name, $.n), '-'), 1)",
};
const functionInput = {
  name: 'Ada',
  n: 5,
  json: '{"a":[1]}',
  object: { a: 1 },
  other: { b: 2 },
  list: [1, 2, 3, 4, 5, 2],
};

const intrinsics: Case[] = [
  ...Object.entries(functions).map(([name, text]) => ({
    name: `intrinsic ${name}`,
    definition: only(pass({ Parameters: { 'result.$': text } })),
    input: functionInput,
  })),
  {
    name: 'an intrinsic that fails',
    definition: only(pass({ Parameters: { 'a.$': 'States.StringToJson($.name)' } })),
    input: functionInput,
  },
];

const tasks: Case[] = [
  { name: 'lambda:invoke', definition: only(task('echo')), input: { a: 1 } },
  {
    name: 'a Lambda ARN',
    definition: only({ Type: 'Task', Resource: functionArn('echo'), End: true }),
    input: { a: 1 },
  },
  { name: 'a function that throws', definition: only(task('fail')), input: { name: 'Unsafe' } },
  {
    name: 'a Lambda ARN that throws',
    definition: only({ Type: 'Task', Resource: functionArn('fail'), End: true }),
    input: { name: 'Unsafe' },
  },
  { name: 'no such function', definition: only(task('missing')) },
  { name: 'Catch', definition: caught(task('fail')), input: { name: 'Unsafe' } },
  {
    name: 'Catch with ResultPath',
    definition: caught(task('fail'), { ResultPath: '$.failure' }),
    input: { name: 'Unsafe' },
  },
  {
    name: 'Catch by name',
    definition: caught(task('fail'), { ErrorEquals: ['Unsafe', 'Other'] }),
    input: { name: 'Unsafe' },
  },
  {
    name: 'Catch by another name',
    definition: caught(task('fail'), { ErrorEquals: ['Other'] }),
    input: { name: 'Unsafe' },
  },
  {
    name: 'Catch States.TaskFailed',
    definition: caught(task('fail'), { ErrorEquals: ['States.TaskFailed'] }),
    input: { name: 'Unsafe' },
  },
  {
    name: 'Catch does not catch States.Runtime',
    definition: caught(task('echo', { Parameters: { 'FunctionName.$': '$.no' } })),
  },
  { name: 'Retry until it works', definition: retried(flaky), input: { failures: 2, id: 'until' } },
  {
    name: 'Retry until MaxAttempts',
    definition: retried({ ...flaky, MaxAttempts: 1 }),
    input: { failures: 2, id: 'most' },
  },
  {
    name: 'Retry of the right one',
    definition: retried({ ErrorEquals: ['Other'] }, flaky),
    input: { failures: 1, id: 'right' },
  },
  { name: 'Retry never', definition: retried({ ...flaky, MaxAttempts: 0 }), input: { failures: 1, id: 'never' } },
  {
    name: 'Retry with MaxDelaySeconds and jitter',
    definition: retried({
      ErrorEquals: ['States.ALL'],
      IntervalSeconds: 1,
      MaxDelaySeconds: 2,
      JitterStrategy: 'FULL',
    }),
    input: { failures: 1, id: 'jitter' },
  },
  { name: 'TimeoutSeconds', definition: only(task('slow', { TimeoutSeconds: 1, End: true })) },
  {
    name: 'TimeoutSeconds, caught',
    definition: caught(task('slow', { TimeoutSeconds: 1 }), { ErrorEquals: ['States.Timeout'], ResultPath: null }),
    input: {},
  },
  { name: 'a task token that succeeds', definition: only(withToken('answer')), input: { x: [1] } },
  { name: 'a task token that fails', definition: only(withToken('refuse')) },
  { name: 'a task token that nobody returns', definition: only(withToken('echo', { TimeoutSeconds: 1 })) },
  { name: 'a heartbeat that is missed', definition: only(withToken('echo', { HeartbeatSeconds: 1 })) },
  {
    name: 'a missed heartbeat, caught as States.Timeout',
    definition: caught(withToken('echo', { HeartbeatSeconds: 1 }), {
      ErrorEquals: ['States.Timeout'],
      ResultPath: null,
    }),
    input: {},
  },
  { name: 'a result over 256 KiB', definition: caught(task('large')) },
];

const machine = (nested: string) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::states:startExecution.sync:2',
  Parameters: { StateMachineArn: nested, Input: { 'a.$': '$.a' } },
  ResultSelector: { 'input.$': '$.Input', 'output.$': '$.Output', 'status.$': '$.Status' },
  End: true,
});

/** Machines that a case can start: an ARN of this name in a definition becomes the ARN of the machine made from it. */
export const nestedMachines: Readonly<Record<string, object>> = {
  'nested:good': only(pass({ Result: { b: 2 }, ResultPath: '$.r' })),
  'nested:bad': only({ Type: 'Fail', Error: 'Inner' }),
};

const flow: Case[] = [
  {
    name: 'Succeed',
    definition: only({ Type: 'Succeed', InputPath: '$.a', OutputPath: '$.b' }),
    input: { a: { b: 2 } },
  },
  { name: 'Fail', definition: only({ Type: 'Fail', Error: 'Broken', Cause: 'why' }) },
  { name: 'Fail without anything', definition: only({ Type: 'Fail' }) },
  {
    name: 'Fail with paths',
    definition: only({ Type: 'Fail', ErrorPath: '$.e', CausePath: "States.Format('because {}', $.c)" }),
    input: { e: 'FromInput', c: 1 },
  },
  { name: 'Wait Seconds', definition: only({ Type: 'Wait', Seconds: 1, End: true }), input: { a: 1 } },
  { name: 'Wait SecondsPath', definition: only({ Type: 'Wait', SecondsPath: '$.s', End: true }), input: { s: 1 } },
  {
    name: 'Wait SecondsPath of no number',
    definition: only({ Type: 'Wait', SecondsPath: '$.s', End: true }),
    input: { s: 'x' },
  },
  {
    name: 'Wait Timestamp',
    definition: only({ Type: 'Wait', Timestamp: '2020-01-01T00:00:00Z', End: true }),
    input: {},
  },
  {
    name: 'Wait TimestampPath',
    definition: only({ Type: 'Wait', TimestampPath: '$.t', End: true }),
    input: { t: '2020-01-01T00:00:00Z' },
  },
  {
    name: 'no choice that holds',
    definition: {
      StartAt: 'Ask',
      States: { Ask: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: true, Next: 'Yes' }] }, Yes: succeed },
    },
  },
  {
    name: 'Choice with InputPath',
    definition: {
      StartAt: 'Ask',
      States: {
        Ask: { Type: 'Choice', InputPath: '$.in', Choices: [{ Variable: '$.a', NumericEquals: 1, Next: 'Yes' }] },
        Yes: succeed,
      },
    },
    input: { in: { a: 1 } },
  },
  {
    name: 'TimeoutSeconds of the machine',
    definition: only({ Type: 'Wait', Seconds: 600, End: true }, { TimeoutSeconds: 1 }),
  },
  { name: 'nested execution', definition: only(machine('nested:good')), input: { a: 1 } },
  { name: 'nested execution that fails', definition: only(machine('nested:bad')), input: { a: 1 } },
];

const bad = {
  StartAt: 'Two?',
  States: {
    'Two?': { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 2, Next: 'Bad' }], Default: 'Good' },
    Good: succeed,
    Bad: { Type: 'Fail', Error: 'Two', Cause: 'it is two' },
  },
};
const branch = (name: string, state: object) => ({ StartAt: name, States: { [name]: state } });

const inner = (inMap: object, inBranch: object) => ({
  Type: 'Parallel',
  Branches: [branch('M', { Type: 'Map', ItemProcessor: branch('C', inMap), End: true }), branch('P', inBranch)],
  End: true,
});

const branching: Case[] = [
  { name: 'Map', definition: each(task('echo')), input: [1, 'two', { three: 3 }], unordered: true },
  { name: 'Map of nothing', definition: each(task('echo')), input: [] },
  {
    name: 'Map with ItemsPath, ItemSelector and MaxConcurrency',
    definition: each(pass({}), {
      InputPath: '$.in',
      ItemsPath: '$.items',
      ItemSelector: { 'v.$': '$$.Map.Item.Value', 'i.$': '$$.Map.Item.Index', 'of.$': '$.of' },
      ResultPath: '$.mapped',
      MaxConcurrency: 1,
    }),
    input: { in: { items: ['a', 'b'], of: 2 }, kept: 1 },
  },
  {
    name: 'Map with Iterator and Parameters',
    definition: only({
      Type: 'Map',
      Iterator: branch('Each', pass({})),
      Parameters: { 'v.$': '$$.Map.Item.Value' },
      ResultSelector: { 'all.$': '$' },
      MaxConcurrency: 1,
      End: true,
    }),
    input: [1, 2],
  },
  { name: 'Map of no array', definition: each(pass({}), { ItemsPath: '$.a' }), input: { a: 1 } },
  {
    name: 'Map that fails',
    definition: only({ Type: 'Map', ItemProcessor: bad, MaxConcurrency: 1, End: true }),
    input: [1, 2],
  },
  {
    name: 'Map that fails, caught',
    definition: caught({ Type: 'Map', ItemProcessor: bad, MaxConcurrency: 1 }),
    input: [1, 2],
  },
  {
    name: 'Parallel',
    definition: only({
      Type: 'Parallel',
      Branches: [branch('A', task('echo')), branch('B', pass({ Result: 2 }))],
      End: true,
    }),
    input: { a: 1 },
    unordered: true,
  },
  {
    name: 'Parallel that fails, caught',
    definition: caught({ Type: 'Parallel', Branches: [branch('A', { Type: 'Fail', Error: 'A', Cause: 'a' })] }),
  },
  {
    name: 'Map in Parallel in Map',
    definition: each(inner(pass({}), pass({}))),
    input: [[7, 8], [9]],
    unordered: true,
  },
  {
    name: 'the item of a Map, in a Parallel in it',
    definition: each(inner(pass({}), pass({ Parameters: { 'i.$': '$$.Map.Item.Index' } }))),
    input: [[7, 8], [9]],
    unordered: true,
  },
];

export const choiceInput = {
  ...{ text: 'b', same: 'b', other: 'c', star: 'log-1*.txt', number: 5, more: 6, truth: true, nothing: null },
  ...{ early: '2026-01-01T00:00:00Z', late: '2026-01-01T00:00:01Z' },
};
const variable = (name: string, test: object) => ({ Variable: `$.${name}`, ...test });
const tests: readonly object[] = [
  ...['Equals', 'LessThan', 'GreaterThan', 'LessThanEquals', 'GreaterThanEquals'].flatMap((name) => [
    variable('text', { [`String${name}`]: 'b' }),
    variable('text', { [`String${name}Path`]: '$.other' }),
    variable('number', { [`Numeric${name}`]: 5 }),
    variable('number', { [`Numeric${name}Path`]: '$.more' }),
    variable('early', { [`Timestamp${name}`]: '2026-01-01T00:00:00Z' }),
    variable('early', { [`Timestamp${name}Path`]: '$.late' }),
  ]),
  variable('truth', { BooleanEquals: true }),
  variable('truth', { BooleanEqualsPath: '$.truth' }),
  variable('star', { StringMatches: 'log-*.txt' }),
  variable('star', { StringMatches: 'log-1\\*.txt' }),
  variable('star', { StringMatches: 'log-2*' }),
  variable('text', { IsPresent: true }),
  variable('missing', { IsPresent: true }),
  variable('missing', { IsPresent: false }),
  variable('nothing', { IsPresent: true }),
  variable('nothing', { IsNull: true }),
  variable('text', { IsNull: false }),
  variable('number', { IsNumeric: true }),
  variable('text', { IsNumeric: true }),
  variable('text', { IsString: true }),
  variable('truth', { IsBoolean: true }),
  variable('early', { IsTimestamp: true }),
  variable('text', { IsTimestamp: true }),
  variable('text', { NumericEquals: 5 }),
  variable('missing', { StringEquals: 'b' }),
  { And: [variable('truth', { BooleanEquals: true }), variable('number', { NumericEquals: 5 })] },
  { And: [variable('truth', { BooleanEquals: true }), variable('number', { NumericEquals: 6 })] },
  { Or: [variable('truth', { BooleanEquals: false }), variable('number', { NumericEquals: 5 })] },
  { Not: variable('number', { NumericEquals: 5 }) },
  { Variable: '$$.State.Name', StringEquals: 'Ask' },
];

const choices: Case[] = tests.map((test) => ({
  name: `Choice ${JSON.stringify(test)}`,
  definition: {
    StartAt: 'Ask',
    States: { Ask: { Type: 'Choice', Choices: [{ ...test, Next: 'Yes' }], Default: 'No' }, Yes: succeed, No: succeed },
  },
  input: choiceInput,
}));

export const cases: readonly Case[] = [...dataFlow, ...intrinsics, ...tasks, ...flow, ...branching, ...choices];
