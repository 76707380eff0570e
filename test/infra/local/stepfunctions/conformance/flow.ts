/** Succeed, Fail, Wait, the ends of a Choice, and executions in executions. */
import { only } from '../fixture.ts';
import { type Case, pass, succeed } from './case.ts';

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

export const flow: readonly Case[] = [
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
