/** History events: AWS's types, the field that holds each type's details, and an event as GetExecutionHistory gives it. */
import type { HistoryEvent, HistoryEventType } from '@aws-sdk/client-sfn';
import type { EventRow } from './executionStore.ts';
import type { JsonObject } from './json.ts';

export type EventType = HistoryEventType;

/** The SDK's name of the field with a type's details, e.g. `taskScheduledEventDetails`. */
export function detailsField(type: EventType): string {
  if (type.endsWith('StateEntered')) return 'stateEnteredEventDetails';
  if (type.endsWith('StateExited')) return 'stateExitedEventDetails';
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
}

const dataFields = ['input', 'inputDetails', 'output', 'outputDetails', 'parameters'];

export function historyEvent(row: EventRow, includeData: boolean): HistoryEvent {
  const event: HistoryEvent = {
    timestamp: new Date(row.timestamp),
    type: row.type as HistoryEventType,
    id: row.id,
    previousEventId: row.previous,
  };
  if (row.field === null || row.details === null) return event;
  const details = JSON.parse(row.details) as JsonObject;
  if (!includeData) for (const name of dataFields) delete details[name];
  return { ...event, [row.field]: details };
}

/** Input or output with the marker that AWS puts beside it. */
export const inputDetails = (text: string) => ({ input: text, inputDetails: { truncated: false } });
export const outputDetails = (text: string) => ({ output: text, outputDetails: { truncated: false } });
