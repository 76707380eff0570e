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

/** What one look at an execution has found. */
export interface Look extends Ended {
  /** Since the look before, oldest first. */
  readonly events: readonly HistoryEvent[];
}

/** Looks at an execution again and again, each time at what is new. */
export function executionReader(states: SFNClient, executionArn: string): () => Promise<Look> {
  let seen = 0;
  return async () => {
    // The status is read before the history: of an execution that is said to have ended, the last event is there, too.
    const { status = 'UNKNOWN', error, cause } = await states.send(new DescribeExecutionCommand({ executionArn }));
    const events = await eventsAfter(states, executionArn, seen);
    seen = events.at(-1)?.id ?? seen;
    return { status, ...(error && { error }), ...(cause && { cause }), events };
  };
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
  const look = executionReader(states, executionArn);
  for (;;) {
    const { events, ...ended } = await look();
    for (const line of events.flatMap(lineOf)) say(line);
    if (ended.status !== 'RUNNING') return ended;
    await changed();
  }
}

/** Every event of the execution so far, oldest first. */
export function historyOf(states: SFNClient, executionArn: string): Promise<readonly HistoryEvent[]> {
  return eventsAfter(states, executionArn, 0);
}

/**
 * Events with a greater id than this, oldest first: read page by page from the end, so that a look costs what is new and not
 * what there is.
 */
async function eventsAfter(states: SFNClient, executionArn: string, seen: number): Promise<readonly HistoryEvent[]> {
  const newestFirst: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await states.send(
      new GetExecutionHistoryCommand({
        executionArn,
        reverseOrder: true,
        maxResults: pageSize,
        ...(nextToken && { nextToken }),
      }),
    );
    newestFirst.push(...(page.events ?? []));
    nextToken = (newestFirst.at(-1)?.id ?? 0) > seen + 1 ? page.nextToken : undefined;
  } while (nextToken !== undefined);
  return newestFirst.filter(({ id = 0 }) => id > seen).reverse();
}

/** A step has three to five events: most looks need one page. */
const pageSize = 50;

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
