/** Executions that a state starts, and waits for or not. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { only, openStates, type States, task } from './fixture.ts';

let states: States;

beforeAll(() => {
  states = openStates({
    echo: (payload) => payload,
  });
});
afterAll(() => states.stop());

describe('nested executions', () => {
  const nested = (pattern: string, Parameters: object, more: object = { End: true }) =>
    only({ Type: 'Task', Resource: `arn:aws:states:::states:startExecution${pattern}`, Parameters, ...more });

  test('.sync:2 waits, and gives input and output as JSON', async () => {
    const StateMachineArn = states.createMachine(only(task('echo')));
    const { output, arn } = await states.run(nested('.sync:2', { StateMachineArn, Input: { a: 1 }, Name: 'inner' }));
    expect(output).toMatchObject({
      Name: 'inner',
      Status: 'SUCCEEDED',
      Input: { a: 1 },
      Output: { a: 1 },
      StateMachineArn,
    });
    const types = states.history(arn).map(({ type }) => type);
    expect(types.slice(2, 6)).toEqual(['TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded']);
  });

  test('its failure', async () => {
    const StateMachineArn = states.createMachine(only({ Type: 'Fail', Error: 'Inner', Cause: 'deep' }));
    const ending = await states.run(nested('.sync:2', { StateMachineArn }));
    expect(ending).toMatchObject({ status: 'FAILED', error: 'States.TaskFailed' });
    expect(JSON.parse(ending.cause ?? '')).toMatchObject({ Error: 'Inner', Cause: 'deep', Status: 'FAILED' });
  });

  test('no such machine, and a name that is taken', async () => {
    const missing = await states.run(
      nested('', { StateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:no' }),
    );
    expect(missing.error).toBe('StepFunctions.StateMachineDoesNotExistException');
    const StateMachineArn = states.createMachine(only({ Type: 'Succeed' }));
    await states.run(nested('.sync:2', { StateMachineArn, Name: 'taken' }));
    const taken = await states.run(nested('.sync:2', { StateMachineArn, Name: 'taken' }));
    expect(taken.error).toBe('StepFunctions.ExecutionAlreadyExistsException');
  });

  test('without .sync:2 nobody waits', async () => {
    const StateMachineArn = states.createMachine(only({ Type: 'Wait', Seconds: 1000, End: true }));
    const { output } = await states.run(nested('', { StateMachineArn, Input: '{}' }));
    expect(output).toMatchObject({ ExecutionArn: expect.stringContaining(':execution:') });
  });

  test('is stopped with the execution that waits for it', async () => {
    const StateMachineArn = states.createMachine(only({ Type: 'Wait', Seconds: 1000, End: true }));
    const arn = states.startExecution(nested('.sync:2', { StateMachineArn, Name: 'stopped' }));
    await states.reached(arn, 'TaskSubmitted');
    states.call('StopExecution', { executionArn: arn, error: 'Enough', cause: 'test' });
    expect(await states.ended(arn)).toMatchObject({ status: 'ABORTED', error: 'Enough', cause: 'test' });
    const inner = `${StateMachineArn.replace(':stateMachine:', ':execution:')}:stopped`;
    expect(await states.ended(inner)).toMatchObject({ status: 'ABORTED' });
  });
});
