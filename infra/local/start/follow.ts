/** Follows an execution through the Step Functions API and says each step as it happens. */
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
} from '@aws-sdk/client-sfn';

export interface Ended {
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
}

/**
 * Waits until the execution has ended, calling `say` with a line for every state entered.
 * @param changed resolves when the execution may have moved on, or after a while; followed without polling tightly
 */
export async function followExecution(
  states: SFNClient,
  executionArn: string,
  say: (line: string) => void,
  changed: () => Promise<void>,
): Promise<Ended> {
  let seen = 0;
  for (;;) {
    const { status, error, cause } = await states.send(new DescribeExecutionCommand({ executionArn }));
    const events = (await historyOf(states, executionArn)).filter(({ id = 0 }) => id > seen);
    seen = events.at(-1)?.id ?? seen;
    for (const line of events.flatMap(lineOf)) say(line);
    if (status !== 'RUNNING') return { status: status ?? 'UNKNOWN', ...(error && { error }), ...(cause && { cause }) };
    await changed();
  }
}

/** Every event of the execution so far, oldest first, page by page. */
export async function historyOf(states: SFNClient, executionArn: string): Promise<readonly HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await states.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, ...(nextToken && { nextToken }) }),
    );
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events;
}

/** Waiting loops enter the same states again and again: an operator wants to see those once. */
const quiet = new Set(['WaitStateEntered', 'ChoiceStateEntered']);

function lineOf(event: HistoryEvent): string[] {
  const name = event.stateEnteredEventDetails?.name;
  if (name === undefined || quiet.has(event.type ?? '')) return [];
  const member = memberIn(event.stateEnteredEventDetails?.input);
  return [member === null ? name : `${name}: ${member}`];
}

function memberIn(input: string | undefined): string | null {
  const parsed: unknown = JSON.parse(input ?? 'null');
  if (typeof parsed !== 'object' || parsed === null || !('member' in parsed)) return null;
  const member = parsed.member;
  if (typeof member === 'string') return member;
  return typeof member === 'object' && member !== null && 'name' in member ? String(member.name) : null;
}
