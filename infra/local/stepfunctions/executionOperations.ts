/** Executions: StartExecution, what can be seen of one, and StopExecution. */
import { randomUUID } from 'node:crypto';
import type {
  DescribeExecutionInput,
  DescribeExecutionOutput,
  DescribeStateMachineForExecutionInput,
  DescribeStateMachineForExecutionOutput,
  GetExecutionHistoryInput,
  GetExecutionHistoryOutput,
  ListExecutionsInput,
  ListExecutionsOutput,
  StartExecutionInput,
  StartExecutionOutput,
  StopExecutionInput,
  StopExecutionOutput,
} from '@aws-sdk/client-sfn';
import { AwsError, type Operation } from '../wire/service.ts';
import type { Engine } from './engine.ts';
import type { ExecutionRow } from './executionStore.ts';
import { historyEvent } from './history.ts';
import { machineOf, settingsOf } from './machineOperations.ts';
import { eventOf, eventToken, limitOf, page, pageOf } from './paging.ts';
import { startExecution } from './starting.ts';

export function executionOperations(engine: Engine): Record<string, Operation> {
  const { store, machines } = engine;

  function executionOf(arn: string | undefined): ExecutionRow {
    if (!/^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:execution:[^:]+:[^:]+$/.test(arn ?? '')) {
      throw new AwsError('InvalidArn', `Invalid Arn: '${arn}' is not the ARN of an execution`);
    }
    const row = store.get(arn ?? '');
    if (row === undefined) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return row;
  }

  function start({ stateMachineArn, name, input }: StartExecutionInput): StartExecutionOutput {
    const machine = machineOf(engine, stateMachineArn);
    const row = startExecution(engine, {
      stateMachineArn: machine.arn,
      name: name ?? randomUUID(),
      input: input ?? '{}',
    });
    return { executionArn: row.arn, startDate: new Date(row.started) };
  }

  function describe({ executionArn }: DescribeExecutionInput): DescribeExecutionOutput {
    const row = executionOf(executionArn);
    return {
      ...summary(row),
      input: row.input,
      inputDetails: { included: true },
      ...(row.output === null ? {} : { output: row.output, outputDetails: { included: true } }),
      ...(row.error === null ? {} : { error: row.error }),
      ...(row.cause === null ? {} : { cause: row.cause }),
      redriveCount: 0,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'RedriveExecution is not supported here',
    };
  }

  function describeMachine(input: DescribeStateMachineForExecutionInput): DescribeStateMachineForExecutionOutput {
    const row = executionOf(input.executionArn);
    const machine = machines.get(row.machineArn);
    return {
      stateMachineArn: row.machineArn,
      name: row.machineName,
      definition: row.definition,
      roleArn: row.roleArn,
      updateDate: new Date(machine?.updated ?? row.started),
      revisionId: row.revision,
      ...(machine ? { loggingConfiguration: settingsOf(machine).loggingConfiguration } : {}),
    };
  }

  function list({ stateMachineArn, statusFilter, ...request }: ListExecutionsInput): ListExecutionsOutput {
    const machine = machineOf(engine, stateMachineArn);
    const { offset, limit } = pageOf(request as object, 100);
    const { rows, ...next } = page(store.list(machine.arn, statusFilter, limit + 1, offset), offset, limit);
    return { executions: rows.map(summary), ...next };
  }

  /** A page goes on from an event, not from a number of them: the history grows meanwhile, at the end where reversed ones begin. */
  function history(input: GetExecutionHistoryInput): GetExecutionHistoryOutput {
    const row = executionOf(input.executionArn);
    const { reverseOrder = false, includeExecutionData = true, maxResults } = input;
    const limit = limitOf(maxResults, 100);
    const found = store.events(row.arn, reverseOrder, limit + 1, eventOf(input.nextToken, reverseOrder));
    const events = found.slice(0, limit).map((event) => historyEvent(event, includeExecutionData));
    const last = found.length > limit ? found[limit - 1] : undefined;
    return { events, ...(last && { nextToken: eventToken(last.id, reverseOrder) }) };
  }

  function stop({ executionArn, error, cause }: StopExecutionInput): StopExecutionOutput {
    const { arn } = executionOf(executionArn);
    engine.abort(arn, error, cause);
    return { stopDate: new Date(executionOf(arn).stopped ?? 0) };
  }

  return {
    StartExecution: start,
    DescribeExecution: describe,
    DescribeStateMachineForExecution: describeMachine,
    ListExecutions: list,
    GetExecutionHistory: history,
    StopExecution: stop,
  };
}

const summary = (row: ExecutionRow) => ({
  executionArn: row.arn,
  stateMachineArn: row.machineArn,
  name: row.name,
  status: row.status,
  startDate: new Date(row.started),
  ...(row.stopped === null ? {} : { stopDate: new Date(row.stopped) }),
});
