/** That an execution is followed by what is new in its history, against Step Functions' answers in memory. */
import { describe, expect, test } from '@jest/globals';
import { followExecution, historyOf } from '../../../infra/executions/follow.ts';
import { openStates } from '../local/stepfunctions/fixture.ts';
import { clientOf } from './client.ts';

/** States that pass, so many that the history has several pages. */
const chain = (length: number, last: object) => ({
  StartAt: 'S0',
  States: Object.fromEntries(
    Array.from({ length: length + 1 }, (_, index) => [
      `S${index}`,
      index === length ? last : { Type: 'Pass', Next: `S${index + 1}` },
    ]),
  ),
});

describe('an execution', () => {
  test('with a long history is followed by what is new in it', async () => {
    const states = openStates();
    const { client, given } = clientOf(states);
    const waits = { Type: 'Wait', Seconds: 600, End: true };
    const executionArn = states.startExecution(chain(300, waits));
    await states.reached(executionArn, 'WaitStateEntered');
    const { length } = states.history(executionArn);
    const lines: string[] = [];
    const looks: number[] = [];
    const end = await followExecution(
      client,
      executionArn,
      (line) => lines.push(line),
      async () => {
        looks.push(given());
        if (looks.length === 20) states.call('StopExecution', { executionArn });
      },
    );
    expect(end.status).toBe('ABORTED');
    expect(lines).toEqual(Array.from({ length: 300 }, (_, index) => `S${index}`));
    expect(looks[0]).toBe(length);
    // Each further look reads one page, however much there is.
    expect(Math.max(...looks.slice(1).map((count, index) => count - (looks[index] ?? 0)))).toBeLessThanOrEqual(50);
    await states.stop();
  });

  test('is told from its beginning, all of it', async () => {
    const states = openStates();
    const { client } = clientOf(states);
    const { arn } = await states.run(chain(100, { Type: 'Succeed' }));
    expect((await historyOf(client, arn)).map(({ id }) => id)).toEqual(states.history(arn).map(({ id }) => id));
    await states.stop();
  });
});
