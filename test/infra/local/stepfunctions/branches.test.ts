/** Map and Parallel, and one in the other. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { each, named, only, openStates, type States, task } from './fixture.ts';

let states: States;
let attempts: number;

beforeAll(() => {
  states = openStates({
    echo: (payload) => payload,
    failTwice: () => {
      attempts += 1;
      if (attempts <= 2) throw named('Flaky');
      return { attempts };
    },
  });
});
afterAll(() => states.stop());

describe('Map and Parallel', () => {
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
