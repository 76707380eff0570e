/** When a Wait ends. */
import { instant } from './choice.ts';
import type { WaitState } from './definition.ts';
import { runtimeError } from './errors.ts';
import type { Json } from './json.ts';
import { evaluateField } from './template.ts';

const maxSeconds = 99_999_999;

/** Milliseconds since 1970. Throws StatesError States.Runtime for a path that leads to no such value. */
export function waitUntil(state: WaitState, input: Json, context: Json, now: number): number {
  if (state.Seconds !== undefined) return now + state.Seconds * 1000;
  if (state.SecondsPath !== undefined) {
    const seconds = evaluateField('SecondsPath', state.SecondsPath, input, context);
    return now + wholeSeconds('SecondsPath', seconds, 0) * 1000;
  }
  const timestamp = state.Timestamp ?? evaluateField('TimestampPath', state.TimestampPath ?? '$', input, context);
  const time = typeof timestamp === 'string' ? instant(timestamp) : undefined;
  if (time !== undefined) return time;
  throw runtimeError(
    `The TimestampPath parameter does not reference a valid ISO-8601 timestamp: ${JSON.stringify(timestamp)}`,
  );
}

/** A number of seconds that a path of a definition led to. Throws StatesError States.Runtime. */
export function wholeSeconds(field: string, value: Json, least: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= maxSeconds) return value;
  throw runtimeError(
    `The ${field} parameter does not reference an integer from ${least} to ${maxSeconds}: ${JSON.stringify(value)}`,
  );
}
