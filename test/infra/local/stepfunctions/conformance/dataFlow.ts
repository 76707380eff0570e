/** Paths, Parameters, ResultSelector and the context object. */
import { only, task } from '../fixture.ts';
import { type Case, pass } from './case.ts';

export const dataFlow: readonly Case[] = [
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
