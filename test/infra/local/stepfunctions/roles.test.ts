/** Executions act as the role of their machine, and fail with what it is refused. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AwsError } from '../../../../infra/local/wire/service.ts';
import { only, openStates, type States, task } from './fixture.ts';

let states: States;
/** Operations that the role may not do. */
const denied = new Set<string>();
const asked: string[] = [];

beforeAll(() => {
  states = openStates({ echo: (payload) => payload }, ':memory:', ({ arn }, service, operation, input) => {
    asked.push(`${arn} ${service} ${operation} ${JSON.stringify(input)}`);
    if (denied.has(operation)) throw new AwsError('AccessDeniedException', `${operation} is not allowed`, 400);
  });
});
beforeEach(() => {
  denied.clear();
  asked.length = 0;
});
afterAll(() => states.stop());

const session = 'arn:aws:sts::123456789012:assumed-role/states/[A-Za-z]{32}';
const nested = (StateMachineArn: string, pattern = '.sync:2') =>
  only({
    Type: 'Task',
    Resource: `arn:aws:states:::states:startExecution${pattern}`,
    Parameters: { StateMachineArn },
    End: true,
  });
/** For longer than any test takes. */
const waiting = () => states.createMachine(only({ Type: 'Wait', Seconds: 60, End: true }));

describe('a machine’s role', () => {
  test('invokes functions', async () => {
    expect(await states.run(only(task('echo')))).toMatchObject({ status: 'SUCCEEDED' });
    expect(asked).toEqual([expect.stringMatching(`^${session} lambda Invoke \\{"FunctionName":"echo"\\}$`)]);
    denied.add('Invoke');
    expect(await states.run(only(task('echo')))).toMatchObject({
      status: 'FAILED',
      error: 'Lambda.AWSLambdaException',
      cause: expect.stringContaining('Invoke is not allowed'),
    });
  });

  test('starts nested executions, hears of their end and asks for it', async () => {
    const inner = states.createMachine(only({ Type: 'Succeed' }));
    expect(await states.run(nested(inner))).toMatchObject({ status: 'SUCCEEDED' });
    expect(asked.map((one) => one.split(' ').slice(1, 3).join(' '))).toEqual([
      'events PutTargets',
      'events PutRule',
      'events DescribeRule',
      'states StartExecution',
      'states DescribeExecution',
    ]);
  });

  test.each(['StartExecution', 'DescribeExecution'])('fails the state without %s', async (operation) => {
    const inner = states.createMachine(only({ Type: 'Succeed' }));
    denied.add(operation);
    expect(await states.run(nested(inner))).toMatchObject({
      status: 'FAILED',
      error: 'StepFunctions.AWSStepFunctionsException',
      cause: expect.stringContaining(`${operation} is not allowed`),
    });
  });

  test.each([
    [true, 'RUNNING'],
    [false, 'ABORTED'],
  ])('without StopExecution (%s) leaves a nested execution %s', async (without, status) => {
    const outer = states.startExecution(nested(waiting()));
    await states.reached(outer, 'TaskSubmitted');
    const submitted = states.history(outer).find(({ type }) => type === 'TaskSubmitted');
    const { ExecutionArn } = JSON.parse(submitted?.taskSubmittedEventDetails?.output ?? '{}');
    if (without) denied.add('StopExecution');
    states.call('StopExecution', { executionArn: outer });
    expect(states.call('DescribeExecution', { executionArn: ExecutionArn }).status).toBe(status);
  });

  test.each(['PutTargets', 'PutRule', 'DescribeRule'])(
    'must be able to have the rule made by which it hears: %s',
    (operation) => {
      const inner = states.createMachine(only({ Type: 'Succeed' }));
      denied.add(operation);
      const machine = (definition: object, name: string) => ({
        name,
        definition: JSON.stringify(definition),
        roleArn: 'arn:aws:iam::123456789012:role/states',
      });
      expect(states.refusal('CreateStateMachine', machine(nested(inner), `sync-${operation}`))).toBe(
        "AccessDeniedException: 'arn:aws:iam::123456789012:role/states' is not authorized to create managed-rule.",
      );
      expect(states.refusal('CreateStateMachine', machine(nested(inner, ''), `plain-${operation}`))).toBe(
        'not refused',
      );
    },
  );
});
