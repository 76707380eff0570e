/** Follows an execution together with those that it starts and waits for, one at a time. */
import type { HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';
import { type Ended, executionReader } from './follow.ts';

/**
 * Waits until the execution has ended, calling `see` with every event, those of a nested execution between the event that
 * started it and the next one of the outer: that goes on only after the nested one has ended.
 * @param see `nested`: whether it is an event of a nested execution
 * @param changed as of `followExecution`
 */
export async function followNested(
  states: SFNClient,
  executionArn: string,
  see: (event: HistoryEvent, nested: boolean) => void,
  changed: () => Promise<void>,
): Promise<Ended> {
  const look = executionReader(states, executionArn);
  let inner: ReturnType<typeof executionReader> | null = null;
  const lookInside = async (): Promise<void> => {
    for (const event of (await inner?.())?.events ?? []) see(event, true);
  };
  for (;;) {
    const { events, ...ended } = await look();
    for (const event of events) {
      await lookInside();
      inner = null;
      see(event, false);
      const started = startedExecution(event);
      if (started !== null) inner = executionReader(states, started);
    }
    await lookInside();
    if (ended.status !== 'RUNNING') return ended;
    await changed();
  }
}

/** ARN of the execution that a Task has started and waits for; null of any other event. */
export function startedExecution({ taskSubmittedEventDetails: details }: HistoryEvent): string | null {
  if (details?.resourceType !== 'states' || !details.resource?.startsWith('startExecution.sync')) return null;
  const output: unknown = JSON.parse(details.output ?? 'null');
  if (typeof output !== 'object' || output === null || !('ExecutionArn' in output)) return null;
  return typeof output.ExecutionArn === 'string' ? output.ExecutionArn : null;
}
