/** The page's questions about executions, asked of the Step Functions API. */
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { parseDefinition } from './definition.ts';
import { graphOf } from './graph.ts';
import { eventView, progressOf, visitViews } from './progress.ts';
import { Refused } from './reply.ts';
import type { PageSource } from './source.ts';
import { svgOf } from './svg.ts';
import { exampleInput, startedBy, validateStart } from './validate.ts';
import type { EventView, ExecutionSummary, ExecutionView, StateMachineView, VisitView } from './views.ts';

/** Most executions that a list shows, newest first. */
const listed = 100;

export async function stateMachines(source: PageSource): Promise<StateMachineView[]> {
  const { stateMachines = [] } = await source.call('ListStateMachines', { maxResults: 1000 });
  return stateMachines.map(({ stateMachineArn = '', name = '' }) => ({
    stateMachineArn,
    name,
    exampleInput: exampleInput(name, source.cluster),
    startedBy: startedBy(name),
  }));
}

/** @param stateMachineArn null: executions of all machines */
export async function executions(source: PageSource, stateMachineArn: string | null): Promise<ExecutionSummary[]> {
  const machines = stateMachineArn
    ? [stateMachineArn]
    : (await stateMachines(source)).map((machine) => machine.stateMachineArn);
  const lists = await Promise.all(
    machines.map((arn) => source.call('ListExecutions', { stateMachineArn: arn, maxResults: listed })),
  );
  return lists
    .flatMap(({ executions: found = [] }) => found)
    .map(summary)
    .sort((a, b) => (b.startDate ?? '').localeCompare(a.startDate ?? ''))
    .slice(0, listed);
}

interface AwsExecution {
  readonly executionArn?: string | undefined;
  readonly stateMachineArn?: string | undefined;
  readonly name?: string | undefined;
  readonly status?: string | undefined;
  readonly startDate?: Date | undefined;
  readonly stopDate?: Date | undefined;
}

function summary(execution: AwsExecution): ExecutionSummary {
  return {
    executionArn: execution.executionArn ?? '',
    stateMachineArn: execution.stateMachineArn ?? '',
    name: execution.name ?? '',
    status: execution.status ?? 'UNKNOWN',
    startDate: execution.startDate?.toISOString() ?? null,
    stopDate: execution.stopDate?.toISOString() ?? null,
  };
}

export async function execution(source: PageSource, executionArn: string): Promise<ExecutionView> {
  // The status is read before the history: an execution that is said to have ended then shows its last event, too.
  const described = await source.call('DescribeExecution', { executionArn });
  const [definition, events] = await Promise.all([definitionOf(source, executionArn), historyOf(source, executionArn)]);
  return {
    ...summary(described),
    input: described.input ?? null,
    output: described.output ?? null,
    error: described.error ?? null,
    cause: described.cause ?? null,
    states: progressOf(parseDefinition(definition), events),
  };
}

export async function history(source: PageSource, executionArn: string): Promise<EventView[]> {
  return (await historyOf(source, executionArn)).map(eventView);
}

export async function visits(source: PageSource, executionArn: string, state: string): Promise<VisitView[]> {
  return visitViews(await historyOf(source, executionArn), state);
}

export async function graphDot(source: PageSource, executionArn: string): Promise<string> {
  return graphOf(parseDefinition(await definitionOf(source, executionArn)));
}

export async function graphSvg(source: PageSource, executionArn: string): Promise<string> {
  return svgOf(await graphDot(source, executionArn));
}

/** @throws Refused 400 with the field at fault, before anything is sent */
export async function start(
  source: PageSource,
  body: Readonly<Record<string, unknown>>,
): Promise<{ executionArn: string }> {
  const checked = validateStart(body);
  if (!checked.ok) throw new Refused(400, checked.field, checked.message);
  const { executionArn = '' } = await source.call('StartExecution', checked.value);
  return { executionArn };
}

/** @throws Refused 400 where `error` or `cause` is not a string, or there is more */
export async function stop(
  source: PageSource,
  executionArn: string,
  body: Readonly<Record<string, unknown>>,
): Promise<{ executionArn: string }> {
  for (const [field, value] of Object.entries(body)) {
    if (field !== 'error' && field !== 'cause')
      throw new Refused(400, field, 'unknown field; a stop has error and cause');
    if (typeof value !== 'string') throw new Refused(400, field, 'must be a string');
  }
  await source.call('StopExecution', { error: 'Stopped', cause: 'Stopped on the page', ...body, executionArn });
  return { executionArn };
}

async function definitionOf(source: PageSource, executionArn: string): Promise<string> {
  const { definition } = await source.call('DescribeStateMachineForExecution', { executionArn });
  return definition ?? '{"StartAt":"","States":{}}';
}

async function historyOf(source: PageSource, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await source.call('GetExecutionHistory', {
      executionArn,
      maxResults: 1000,
      includeExecutionData: true,
      ...(nextToken && { nextToken }),
    });
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events;
}
