/** How every operation under the lock begins: what was asked for is received, and the lock is taken. */
import { JsonPath, Pass } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { type MachineScope, step } from './step.ts';

/** What an operator typed may be no object at all: it is put into one, at `$.input`, so that a refusal has where to go. */
export function receiveRequest({ scope }: MachineScope): Pass {
  return new Pass(scope, 'Receive the request', { parameters: { input: JsonPath.objectAt('$$.Execution.Input') } });
}

export interface LockUse {
  /** Name of the state machine. */
  readonly purpose: string;
  readonly leaseSeconds: number;
  /** Whether new instances may join while it is held. */
  readonly joins: boolean;
}

/** Takes the lock, to `$.lock`, also over from an execution of the same state machine that has ended. */
export function takeOperationLock(machine: MachineScope, use: LockUse): LambdaInvoke {
  const payload = { holder: '$$.Execution.Id', ...use, resumes: true } as const;
  return step(machine, 'Take the operation lock', 'takeLock', payload, { resultPath: '$.lock' });
}
