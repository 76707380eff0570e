/** The execution of RollingUpgrade that is shown: started, or found by what an operator calls it. */
import { randomBytes } from 'node:crypto';
import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Fault } from '#etcd/faults.ts';
import type { UpgradeRequest, Wants } from './options.ts';

export interface Shown {
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
}

/** @throws Fault `InvalidInput` where there is no such execution */
export async function executionOf(
  states: SFNClient,
  stateMachineArn: string,
  wants: Exclude<Wants, { what: 'help' }>,
): Promise<Shown> {
  if (wants.what === 'watch') return described(states, arnOf(wants.execution, stateMachineArn));
  const { request } = wants;
  const { executionArn = '', startDate } = await states.send(
    new StartExecutionCommand({
      stateMachineArn,
      name: executionName(request, new Date(), randomBytes(2).toString('hex')),
      input: JSON.stringify(request),
    }),
  );
  return { arn: executionArn, startedAtMs: startDate?.getTime() ?? Date.now() };
}

/** `to-3.6.16-20261124-101112-7f3a`. Pure. @param unique two starts within a second have another one each */
export function executionName({ to, action, dryRun }: UpgradeRequest, now: Date, unique: string): string {
  const what = action === undefined ? `to-${to}` : action === 'rollBack' ? 'roll-back' : action;
  const time = now.toISOString().replace(/\..*$/, '').replaceAll(/[-:]/g, '').replace('T', '-');
  return `${dryRun === true ? 'dry-run-' : ''}${what}-${time}-${unique}`;
}

/** Pure. @throws Fault `InvalidInput` for an execution of another state machine */
export function arnOf(execution: string, stateMachineArn: string): string {
  const executions = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:`;
  if (!execution.startsWith('arn:')) return `${executions}${execution}`;
  if (execution.startsWith(executions)) return execution;
  throw new Fault('InvalidInput', `--watch is ${execution}, which is no execution of ${stateMachineArn}`);
}

async function described(states: SFNClient, executionArn: string): Promise<Shown> {
  try {
    const { startDate } = await states.send(new DescribeExecutionCommand({ executionArn }));
    return { arn: executionArn, startedAtMs: startDate?.getTime() ?? Date.now() };
  } catch (error) {
    if ((error as Error).name !== 'ExecutionDoesNotExist') throw error;
    throw new Fault('InvalidInput', `--watch is ${executionArn.split(':').at(-1)}: there is no such execution`);
  }
}
