/** Step Functions on a database of its own, with functions of this process as its Lambdas. */
import { EventEmitter } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { createStepFunctions, type Invocation } from '../../../../infra/local/stepfunctions/index.ts';
import { type Authorize, AwsError } from '../../../../infra/local/wire/service.ts';

/** What a function gives back, or throws: an Error becomes Lambda's function error, an AwsError one of the Invoke call. */
export type Lambda = (payload: never, signal: AbortSignal | undefined) => unknown;

// biome-ignore lint/suspicious/noExplicitAny: the SDK types each operation's input and output; a test knows what it asked
type Anything = any;

export interface States {
  readonly database: DatabaseSync;
  readonly events: EventEmitter;
  call(operation: string, input: object): Anything;
  /** The error code of an operation that is refused, with its message. */
  refusal(operation: string, input: object): string;
  createMachine(definition: object, name?: string): string;
  startExecution(definition: object, input?: unknown): string;
  /** Starts the machine, and waits for its end. */
  run(definition: object, input?: unknown): Promise<Ending>;
  ended(executionArn: string): Promise<Ending>;
  history(executionArn: string): HistoryEvent[];
  /** Waits until a history event of this type has been written. */
  reached(executionArn: string, type: string): Promise<void>;
  stop(): Promise<void>;
}

export interface Ending {
  readonly arn: string;
  readonly status: string;
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
  /** Names of the states, in the order they were entered. */
  readonly path: readonly string[];
}

const caller = { accessKeyId: 'test', arn: 'arn:aws:iam::123456789012:user/test' };
const roleArn = 'arn:aws:iam::123456789012:role/states';
export const functionArn = (name: string) => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;

export function openStates(
  lambdas: Readonly<Record<string, Lambda>> = {},
  file = ':memory:',
  authorize: Authorize = () => {},
): States {
  const database = new DatabaseSync(file);
  const events = new EventEmitter();
  const service = createStepFunctions(
    {
      folder: '/nonexistent',
      database,
      region: 'eu-west-1',
      account: '123456789012',
      network: '127.0.0',
      endpoint: 'http://127.0.0.1',
      log: () => {},
      events,
    },
    {
      authorize,
      async invokeLambda(name, payload, signal, as) {
        authorize(as, 'lambda', 'Invoke', { FunctionName: name });
        return invoke(lambdas, name, payload, signal);
      },
    },
  );
  service.start();
  let machines = 0;

  const call = (operation: string, input: object): Anything => {
    const found = service.operations[operation];
    if (found === undefined) throw new Error(`there is no operation ${operation}`);
    return found(input, caller);
  };

  const describe = (executionArn: string) => call('DescribeExecution', { executionArn });

  const states: States = {
    database,
    events,
    call,
    refusal(operation, input) {
      try {
        call(operation, input);
      } catch (error) {
        if (error instanceof AwsError) return `${error.code}: ${error.message}`;
        throw error;
      }
      return 'not refused';
    },
    createMachine(definition, name = `machine${++machines}-${Math.random().toString(36).slice(2)}`) {
      const text = JSON.stringify(definition);
      return call('CreateStateMachine', { name, definition: text, roleArn }).stateMachineArn;
    },
    startExecution(definition, input = {}) {
      const stateMachineArn = states.createMachine(definition);
      return call('StartExecution', { stateMachineArn, input: JSON.stringify(input) }).executionArn;
    },
    run: (definition, input) => states.ended(states.startExecution(definition, input)),
    async ended(executionArn) {
      await until(events, () => describe(executionArn).status !== 'RUNNING');
      const { status, output, error, cause } = describe(executionArn);
      const entered = states.history(executionArn).flatMap((event) => event.stateEnteredEventDetails?.name ?? []);
      return {
        arn: executionArn,
        status,
        ...(output === undefined ? {} : { output: JSON.parse(output) }),
        ...(error === undefined ? {} : { error }),
        ...(cause === undefined ? {} : { cause }),
        path: entered,
      };
    },
    history: (executionArn) => call('GetExecutionHistory', { executionArn, maxResults: 1000 }).events,
    reached: (executionArn, type) =>
      until(events, () => states.history(executionArn).some((event) => event.type === type)),
    async stop() {
      await service.stop();
      database.close();
    },
  };
  return states;
}

async function invoke(
  lambdas: Readonly<Record<string, Lambda>>,
  name: string,
  payload: unknown,
  signal: AbortSignal | undefined,
): Promise<Invocation> {
  const lambda = lambdas[name.split(':').at(-1) ?? ''];
  if (lambda === undefined) throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
  try {
    return { statusCode: 200, payload: await lambda(payload as never, signal), executedVersion: '$LATEST' };
  } catch (error) {
    if (error instanceof AwsError || !(error instanceof Error)) throw error;
    const failure = { errorType: error.name, errorMessage: error.message, trace: [] };
    return { statusCode: 200, payload: failure, functionError: 'Unhandled' };
  }
}

async function until(events: EventEmitter, holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => events.once('change', resolve));
}

/** An Error of this name, as a Lambda's handler would throw it. */
export function named(name: string, message = name): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

export const invokeResource = 'arn:aws:states:::lambda:invoke';

/** A Task that invokes a function with its whole input and gives the function's answer. */
export const task = (name: string, more: object = { End: true }) => ({
  Type: 'Task',
  Resource: invokeResource,
  Parameters: { FunctionName: name, 'Payload.$': '$' },
  OutputPath: '$.Payload',
  ...more,
});

/** A machine of one state. */
export const only = (state: object, more: object = {}) => ({ StartAt: 'Only', States: { Only: state }, ...more });

/** A Task that gives a function its token and its input, and waits for the token to come back. */
export const withToken = (name: string, more: object = {}) => ({
  Type: 'Task',
  Resource: `${invokeResource}.waitForTaskToken`,
  Parameters: { FunctionName: name, Payload: { 'token.$': '$$.Task.Token', 'output.$': '$' } },
  End: true,
  ...more,
});

/** A machine of one Map, with one state for each item. */
export const each = (state: object, more: object = {}) =>
  only({ Type: 'Map', ItemProcessor: { StartAt: 'Each', States: { Each: state } }, End: true, ...more });
