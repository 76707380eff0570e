/** That the events of a nested execution are seen where they belong, against Step Functions' answers in memory. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { followNested } from '../../../infra/executions/nested.ts';
import { only, openStates, type States } from '../local/stepfunctions/fixture.ts';
import { clientOf } from './client.ts';

let states: States;
beforeAll(() => {
  states = openStates();
});
afterAll(() => states.stop());

function outer(...nested: readonly object[]): object {
  const tasks = nested.map((definition, index) => [
    `Start ${index}`,
    {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Parameters: { StateMachineArn: states.createMachine(definition) },
      Next: index + 1 < nested.length ? `Start ${index + 1}` : 'End',
    },
  ]);
  return { StartAt: 'Start 0', States: Object.fromEntries([...tasks, ['End', { Type: 'Succeed' }]]) };
}

async function seen(executionArn: string, changed: () => Promise<void>): Promise<{ status: string; lines: string[] }> {
  const lines: string[] = [];
  const { status } = await followNested(
    clientOf(states).client,
    executionArn,
    ({ stateEnteredEventDetails: entered }, nested) => {
      if (entered !== undefined) lines.push(`${nested ? '  ' : ''}${entered.name}`);
    },
    changed,
  );
  return { status, lines };
}

const inner = { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Succeed' } } };
const told = ['Start 0', '  A', '  B', 'Start 1', '  A', '  B', 'End'];
const never = () => Promise.reject(new Error('it has ended'));

test('an execution that has ended is told as it went', async () => {
  const { arn } = await states.run(outer(inner, inner));
  expect(await seen(arn, never)).toEqual({ status: 'SUCCEEDED', lines: told });
});

test('one that runs is told without an event twice', async () => {
  const executionArn = states.startExecution(outer(inner, inner));
  const end = await seen(executionArn, () => new Promise((resolve) => setImmediate(resolve)));
  expect(end).toEqual({ status: 'SUCCEEDED', lines: told });
});

test('one that is stopped is told as far as it came', async () => {
  const waits = only({ Type: 'Wait', Seconds: 600, End: true });
  const executionArn = states.startExecution(outer(inner, waits));
  let looks = 0;
  const end = await seen(executionArn, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    if (++looks === 20) states.call('StopExecution', { executionArn });
  });
  expect(end).toEqual({ status: 'ABORTED', lines: [...told.slice(0, 4), expect.stringMatching(/^ {2}/)] });
});
