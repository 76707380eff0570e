/** StartExecution: its checks, and that starting the same twice is one execution. */
import { AwsError } from '../wire/service.ts';
import { type Engine, executionArn } from './engine.ts';
import type { ExecutionRow } from './executionStore.ts';
import { maxDataBytes } from './json.ts';

export interface StartRequest {
  readonly stateMachineArn: string;
  readonly name: string;
  readonly input: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what AWS refuses
const forbidden = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/u;

/** Names of state machines and executions. Throws AwsError InvalidName. */
export function checkName(name: string): void {
  if (name.length >= 1 && name.length <= 80 && !forbidden.test(name)) return;
  throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
}

/** Throws AwsError ValidationException, InvalidExecutionInput. */
function checkInput(input: string): void {
  if (Buffer.byteLength(input) > maxDataBytes) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to ${maxDataBytes}`,
    );
  }
  try {
    JSON.parse(input);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${reason}'`);
  }
}

/** Throws AwsError; an execution of this name that runs with the same input is returned as it is. */
export function startExecution(engine: Engine, { stateMachineArn, name, input }: StartRequest): ExecutionRow {
  const machine = engine.machines.get(stateMachineArn);
  if (machine === undefined) {
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
  }
  if (machine.status === 'DELETING') {
    throw new AwsError('StateMachineDeleting', `State Machine is being deleted: '${stateMachineArn}'`);
  }
  checkName(name);
  checkInput(input);
  const existing = engine.store.get(executionArn(machine.arn, name));
  if (existing === undefined) return engine.create({ machine, name, input });
  if (existing.status === 'RUNNING' && existing.input === input) return existing;
  throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${existing.arn}'`);
}
