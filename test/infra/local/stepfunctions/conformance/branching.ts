/** Map and Parallel, and one in the other. */
import { each, only, task } from '../fixture.ts';
import { branch, type Case, caught, pass, succeed } from './case.ts';

const bad = {
  StartAt: 'Two?',
  States: {
    'Two?': { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 2, Next: 'Bad' }], Default: 'Good' },
    Good: succeed,
    Bad: { Type: 'Fail', Error: 'Two', Cause: 'it is two' },
  },
};

const inner = (inMap: object, inBranch: object) => ({
  Type: 'Parallel',
  Branches: [branch('M', { Type: 'Map', ItemProcessor: branch('C', inMap), End: true }), branch('P', inBranch)],
  End: true,
});

export const branching: readonly Case[] = [
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
