/** States that call a task: names, payload keys and outputs are checked against the catalogue by the compiler. */
import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { IntegrationPattern, type IStateMachine, JsonPath, TaskInput, Timeout } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke, StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { TaskName, Tasks } from '../tasks/catalogue.ts';
import { lambdaFailed, nestedNotStarted } from './retryPolicies.ts';

/** Where a machine's states go, and the deployed tasks they call. */
export interface MachineScope {
  readonly scope: Construct;
  readonly functions: Readonly<Record<TaskName, IFunction>>;
}

/** `$.member`, or `$$.Execution.Id` of the context object. */
export type Path = `$${string}`;

/** Each field of the task's input, as a literal or as the path where it is found. */
export type Payload<Name extends TaskName> = {
  readonly [Field in keyof Tasks[Name]['input']]: Path | Tasks[Name]['input'][Field];
};

export interface StepOptions {
  /** Where the output goes; without it the output is dropped. */
  readonly resultPath?: Path;
}

export interface AwaitOptions extends StepOptions {
  readonly timeoutSeconds: number;
}

/** The agent beats every 10 s: two may get lost. */
const heartbeatSeconds = 30;

/** Longer than any task's own time-out, so that Lambda ends first and says why; no state waits without a bound. */
const taskTimeout = Timeout.duration(Duration.seconds(90));

/** A state that calls a task and goes on with its output. */
export function step<Name extends TaskName>(
  { scope, functions }: MachineScope,
  state: string,
  task: Name,
  payload: Payload<Name>,
  { resultPath }: StepOptions = {},
): LambdaInvoke {
  const invoke = new LambdaInvoke(scope, state, {
    lambdaFunction: functions[task],
    payload: TaskInput.fromObject(rendered(payload)),
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
    taskTimeout,
    resultPath: resultPath ?? JsonPath.DISCARD,
  });
  invoke.addRetry(lambdaFailed);
  return invoke;
}

/** A state that calls a task and waits until an agent finishes it through the task token. */
export function awaitStep<Name extends TaskName>(
  { scope, functions }: MachineScope,
  state: string,
  task: Name,
  payload: Payload<Name>,
  { resultPath, timeoutSeconds }: AwaitOptions,
): LambdaInvoke {
  const invoke = new LambdaInvoke(scope, state, {
    lambdaFunction: functions[task],
    payload: TaskInput.fromObject(rendered(payload)),
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.seconds(timeoutSeconds)),
    heartbeatTimeout: Timeout.duration(Duration.seconds(heartbeatSeconds)),
    resultPath: resultPath ?? JsonPath.DISCARD,
  });
  invoke.addRetry(lambdaFailed);
  return invoke;
}

export interface NestedOptions {
  readonly stateMachine: IStateMachine;
  /** As `TaskInput.fromObject` takes it. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Longer than the nested machine's own. */
  readonly timeoutSeconds: number;
}

/** A state that starts another machine and waits for its end; its output is dropped. */
export function nestedStep(
  { scope }: Pick<MachineScope, 'scope'>,
  state: string,
  { stateMachine, input, timeoutSeconds }: NestedOptions,
): StepFunctionsStartExecution {
  const start = new StepFunctionsStartExecution(scope, state, {
    stateMachine,
    integrationPattern: IntegrationPattern.RUN_JOB,
    input: TaskInput.fromObject({ ...input }),
    taskTimeout: Timeout.duration(Duration.seconds(timeoutSeconds)),
    resultPath: JsonPath.DISCARD,
  });
  start.addRetry(nestedNotStarted);
  return start;
}

function rendered(payload: object): Record<string, unknown> {
  const entries = Object.entries(payload).map(([field, value]) => [
    field,
    isPath(value) ? JsonPath.objectAt(value) : value,
  ]);
  return Object.fromEntries(entries);
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('$');
}
