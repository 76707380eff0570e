/** Executions that a Task starts: states:startExecution, and .sync:2, which waits for the end. */
import { randomUUID } from 'node:crypto';
import { AwsError } from '../wire/service.ts';
import type { Engine } from './engine.ts';
import { StatesError } from './errors.ts';
import type { ExecutionRow } from './executionStore.ts';
import type { Frame } from './frame.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import type { Pattern } from './resources.ts';
import { sessionOf } from './role.ts';
import type { Run } from './run.ts';
import { startExecution } from './starting.ts';
import { failTask, submitTask, succeedTask } from './tasks.ts';

/** Harmless when repeated: the name was chosen when the Task began. */
export function startNested(engine: Engine, run: Run, frame: Frame, pattern: Pattern): void {
  const { call } = frame;
  if (call === null || call.submitted) return;
  const parameters = isObject(call.arguments) ? call.arguments : {};
  const input = parameters.Input ?? {};
  const stateMachineArn = String(parameters.StateMachineArn ?? '');
  let started: ExecutionRow;
  try {
    engine.authorize(sessionOf(run.execution), 'states', 'StartExecution', { stateMachineArn });
    started = startExecution(engine, {
      stateMachineArn,
      name: typeof parameters.Name === 'string' ? parameters.Name : (call.nestedName ?? randomUUID()),
      input: typeof input === 'string' ? input : JSON.stringify(input),
    });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    failTask(run, frame, startFailure(error));
    return;
  }
  const output = { ExecutionArn: started.arn, StartDate: started.started };
  if (pattern !== 'sync:2') {
    succeedTask(run, frame, output);
    return;
  }
  call.nestedArn = started.arn;
  run.store.addWaiter(started.arn, run.arn, frame.id);
  submitTask(run, frame, output);
}

/** A nested execution has ended: its Task takes what it ended with, which it asks for as the machine's role. */
export function takeNested(engine: Engine, run: Run, frame: Frame, execution: ExecutionRow): void {
  try {
    engine.authorize(sessionOf(run.execution), 'states', 'DescribeExecution', { executionArn: execution.arn });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    failTask(run, frame, startFailure(error));
    return;
  }
  if (execution.status === 'SUCCEEDED') succeedTask(run, frame, nestedResult(execution));
  else failTask(run, frame, nestedFailure(execution));
}

/** Its parent has ended, or waits no longer. Without the permission it goes on: AWS stops it as well as it can, and says nothing. */
export function stopNested(engine: Engine, parentArn: string, executionArn: string): void {
  const parent = engine.store.get(parentArn);
  try {
    if (parent !== undefined) engine.authorize(sessionOf(parent), 'states', 'StopExecution', { executionArn });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    engine.log(`states: ${executionArn} goes on: ${error.message}`);
    return;
  }
  engine.abort(executionArn, undefined, undefined);
}

function startFailure(error: AwsError): StatesError {
  // Step Functions' name for what the service does not declare among its own errors.
  const denied = error.code === 'AccessDeniedException' ? 'AWSStepFunctionsException' : error.code;
  const name = denied.endsWith('Exception') ? denied : `${denied}Exception`;
  const place = `Service: AWSStepFunctions; Status Code: ${error.statusCode}; Error Code: ${error.code}`;
  return new StatesError(`StepFunctions.${name}`, `${error.message} (${place})`);
}

/** DescribeExecution's answer with the names a .sync:2 Task has them by; input and output are JSON, not its text. */
const nestedResult = (execution: ExecutionRow): JsonObject => ({
  ...described(execution),
  Input: JSON.parse(execution.input) as Json,
  ...(execution.output === null ? {} : { Output: JSON.parse(execution.output) as Json }),
});

/** Any other end than success. The cause holds the nested execution's own error and cause. */
const nestedFailure = (execution: ExecutionRow): StatesError =>
  new StatesError('States.TaskFailed', JSON.stringify({ ...described(execution), Input: execution.input }));

function described(execution: ExecutionRow): JsonObject {
  const { error, cause } = execution;
  return {
    ...(cause === null ? {} : { Cause: cause }),
    ...(error === null ? {} : { Error: error }),
    ExecutionArn: execution.arn,
    InputDetails: { Included: true },
    Name: execution.name,
    ...(execution.output === null ? {} : { OutputDetails: { Included: true } }),
    RedriveCount: 0,
    StartDate: execution.started,
    StateMachineArn: execution.machineArn,
    Status: execution.status,
    StopDate: execution.stopped,
  };
}
