/** The API around executions: what is idempotent, what is paged, what is refused. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { only, openStates, type States } from './fixture.ts';

const succeed = only({ Type: 'Succeed' });
const waiting = only({ Type: 'Wait', Seconds: 1000, End: true });
const roleArn = 'arn:aws:iam::123456789012:role/states';
const missingMachine = 'arn:aws:states:eu-west-1:123456789012:stateMachine:missing';
const missingExecution = 'arn:aws:states:eu-west-1:123456789012:execution:missing:missing';

let states: States;
beforeAll(() => {
  states = openStates();
});
afterAll(() => states.stop());

describe('state machines', () => {
  test('the same created twice is one; another definition under its name is refused', () => {
    const input = { name: 'twice', definition: JSON.stringify(succeed), roleArn };
    const first = states.call('CreateStateMachine', input);
    expect(states.call('CreateStateMachine', input)).toEqual(first);
    const other = { ...input, definition: JSON.stringify(waiting) };
    expect(states.refusal('CreateStateMachine', other)).toMatch(/^StateMachineAlreadyExists: .*:twice'$/);
  });

  test('are described, listed, updated and tagged', async () => {
    const tags = [{ key: 'a', value: 'b' }];
    const input = { name: 'described', definition: JSON.stringify(waiting), roleArn, tags };
    const { stateMachineArn } = states.call('CreateStateMachine', input);
    const running = states.call('StartExecution', { stateMachineArn }).executionArn;
    const { revisionId, updateDate } = states.call('UpdateStateMachine', {
      stateMachineArn,
      definition: JSON.stringify(succeed),
      tracingConfiguration: { enabled: true },
    });
    expect(updateDate).toBeInstanceOf(Date);
    expect(states.call('DescribeStateMachine', { stateMachineArn })).toMatchObject({
      ...{ name: 'described', status: 'ACTIVE', type: 'STANDARD', roleArn, revisionId },
      definition: JSON.stringify(succeed),
      tracingConfiguration: { enabled: true },
    });
    expect(states.call('DescribeStateMachineForExecution', { executionArn: running })).toMatchObject({
      definition: JSON.stringify(waiting),
    });
    expect(states.call('ListTagsForResource', { resourceArn: stateMachineArn })).toEqual({ tags });
    expect(states.call('ListStateMachines', {}).stateMachines).toContainEqual(
      expect.objectContaining({ stateMachineArn, name: 'described', creationDate: expect.any(Date) }),
    );
    states.call('StopExecution', { executionArn: running });
  });

  test('one that is deleted goes with its last execution', async () => {
    const stateMachineArn = states.createMachine(waiting, 'deleted');
    const { executionArn } = states.call('StartExecution', { stateMachineArn });
    states.call('DeleteStateMachine', { stateMachineArn });
    expect(states.call('DescribeStateMachine', { stateMachineArn }).status).toBe('DELETING');
    expect(states.refusal('StartExecution', { stateMachineArn })).toMatch(/^StateMachineDeleting/);
    states.call('StopExecution', { executionArn });
    expect(states.refusal('DescribeStateMachine', { stateMachineArn })).toMatch(/^StateMachineDoesNotExist/);
    expect(states.call('DeleteStateMachine', { stateMachineArn })).toEqual({});
  });
});

describe('StartExecution', () => {
  test('of the same name and input is the same while it runs', () => {
    const stateMachineArn = states.createMachine(waiting);
    const input = { stateMachineArn, name: 'once', input: '{"a":1}' };
    const first = states.call('StartExecution', input);
    expect(states.call('StartExecution', input)).toEqual(first);
    expect(states.refusal('StartExecution', { ...input, input: '{}' })).toMatch(/^ExecutionAlreadyExists: .*:once'$/);
    states.call('StopExecution', { executionArn: first.executionArn });
    expect(states.refusal('StartExecution', input)).toMatch(/^ExecutionAlreadyExists/);
  });

  test.each([
    ['an unknown machine', { stateMachineArn: missingMachine }, 'StateMachineDoesNotExist'],
    ['no ARN', { stateMachineArn: 'machine' }, 'InvalidArn'],
    ['a version', { stateMachineArn: `${missingMachine}:1` }, 'InvalidArn'],
    ['a bad name', { name: 'a b' }, 'InvalidName'],
    ['a long name', { name: 'a'.repeat(81) }, 'InvalidName'],
    ['an empty name', { name: '' }, 'InvalidName'],
    ['no JSON', { input: '{a}' }, 'InvalidExecutionInput'],
    ['over 256 KiB', { input: JSON.stringify('é'.repeat(131_072)) }, 'ValidationException'],
  ])('%s is refused', (_, more, code) => {
    const stateMachineArn = states.createMachine(succeed);
    expect(states.refusal('StartExecution', { stateMachineArn, ...more }).split(':')[0]).toBe(code);
  });
});

describe('lists and histories', () => {
  test('executions, by status and by page', async () => {
    const stateMachineArn = states.createMachine(succeed);
    for (const name of ['1', '2', '3']) states.call('StartExecution', { stateMachineArn, name });
    const first = states.call('ListExecutions', { stateMachineArn, maxResults: 2 });
    const { nextToken } = first;
    const second = states.call('ListExecutions', { stateMachineArn, maxResults: 2, nextToken });
    const names = [...first.executions, ...second.executions].map(({ name }) => name);
    expect(names).toEqual(['3', '2', '1']);
    expect(second).not.toHaveProperty('nextToken');
    const running = states.call('ListExecutions', { stateMachineArn, statusFilter: 'RUNNING' });
    expect(running.executions).toEqual([]);
    expect(states.refusal('ListExecutions', { stateMachineArn, nextToken: 'x' })).toMatch(/^InvalidToken/);
  });

  test('histories, backwards, by page and without data', async () => {
    const { arn: executionArn } = await states.run(only({ Type: 'Pass', End: true }), { secret: 1 });
    const events: { id: number }[] = [];
    for (let nextToken: string | undefined, first = true; first || nextToken !== undefined; first = false) {
      const input = { executionArn, maxResults: 2, reverseOrder: true, ...(nextToken ? { nextToken } : {}) };
      const page = states.call('GetExecutionHistory', input);
      events.push(...page.events);
      nextToken = page.nextToken;
    }
    expect(events.map(({ id }) => id)).toEqual([4, 3, 2, 1]);
    const bare = states.call('GetExecutionHistory', { executionArn, includeExecutionData: false });
    expect(JSON.stringify(bare)).not.toContain('secret');
  });

  test('a history that grows between its pages is neither repeated nor cut, whichever way it is read', () => {
    const executionArn = states.startExecution(waiting);
    const page = (more: object) => states.call('GetExecutionHistory', { executionArn, maxResults: 1, ...more });
    const idsOf = ({ events }: { events: { id: number }[] }) => events.map(({ id }) => id);
    const [backwards, forwards] = [page({ reverseOrder: true }), page({})];
    expect([idsOf(backwards), idsOf(forwards)]).toEqual([[2], [1]]);
    states.call('StopExecution', { executionArn });
    expect(idsOf(page({ reverseOrder: true, nextToken: backwards.nextToken }))).toEqual([1]);
    const rest = page({ maxResults: 9, nextToken: forwards.nextToken });
    expect(idsOf(rest)).toEqual([2, 3]);
    expect(rest).not.toHaveProperty('nextToken');
    const turned = { executionArn, reverseOrder: true, nextToken: forwards.nextToken };
    expect(states.refusal('GetExecutionHistory', turned)).toMatch(/^InvalidToken/);
    const tooMany = { executionArn, maxResults: 1001 };
    expect(states.refusal('GetExecutionHistory', tooMany)).toMatch(/^ValidationException/);
  });

  test.each(['DescribeExecution', 'GetExecutionHistory', 'StopExecution', 'DescribeStateMachineForExecution'])(
    '%s of nothing is refused',
    (operation) => {
      expect(states.refusal(operation, { executionArn: missingExecution })).toMatch(/^ExecutionDoesNotExist/);
      expect(states.refusal(operation, { executionArn: 'execution' })).toMatch(/^InvalidArn/);
    },
  );

  test('an execution that was stopped is stopped', async () => {
    const executionArn = states.startExecution(waiting);
    const { stopDate } = states.call('StopExecution', { executionArn });
    expect(states.call('StopExecution', { executionArn })).toEqual({ stopDate });
    expect(states.history(executionArn).at(-1)).toMatchObject({ type: 'ExecutionAborted' });
  });
});

describe('task tokens', () => {
  test.each([
    ['SendTaskSuccess', { output: '{}' }],
    ['SendTaskFailure', {}],
    ['SendTaskHeartbeat', {}],
  ])('%s with what is none', (operation, more) => {
    expect(states.refusal(operation, { taskToken: 'token', ...more })).toMatch(/^InvalidToken/);
    expect(states.refusal(operation, { taskToken: 'A'.repeat(128), ...more })).toMatch(/^TaskDoesNotExist/);
  });
  test('an output that is no JSON', () => {
    expect(states.refusal('SendTaskSuccess', { taskToken: 'x', output: '{' })).toMatch(/^InvalidOutput/);
  });
});
