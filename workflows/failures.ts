/** How every machine ends in a failure: the fault that was caught is put into words, and the execution fails with them. */
import { Fail } from 'aws-cdk-lib/aws-stepfunctions';
import type { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { type MachineScope, step } from './step.ts';

/** Where a Catch puts what it caught, for `explainFailure` to read. */
export const caught = { resultPath: '$.failure' } as const;

/** Puts the error and the cause an operator reads at `$.explanation`. */
export function explainFailure(machine: MachineScope, state: string): LambdaInvoke {
  return step(machine, state, 'explainFailure', { failure: caught.resultPath }, { resultPath: '$.explanation' });
}

/** Fails the execution with what was explained; `causePath` where more is to be said. */
export function failExplained(scope: Construct, state: string, causePath = '$.explanation.cause'): Fail {
  return new Fail(scope, state, { errorPath: '$.explanation.error', causePath });
}
