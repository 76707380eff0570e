/** Entering and leaving states. */
import { endChild } from './branches.ts';
import type { State } from './definition.ts';
import { dataLimitError } from './errors.ts';
import type { Frame } from './frame.ts';
import { type EventType, inputDetails, outputDetails } from './history.ts';
import { exceedsDataLimit, type Json } from './json.ts';
import type { Run } from './run.ts';

export function noteEntered(run: Run, frame: Frame, state: State): void {
  frame.enteredTime = new Date().toISOString();
  frame.retries = [];
  const details = { name: frame.state, ...inputDetails(JSON.stringify(frame.input)) };
  frame.enteredEvent = run.event(frame, `${state.Type}StateEntered` as EventType, details);
}

/** Leaves the state with its output: to `next`, or out of the frame. Throws StatesError States.DataLimitExceeded. */
export function exitState(run: Run, frame: Frame, output: Json, next: string | undefined): void {
  const text = JSON.stringify(output);
  if (exceedsDataLimit(text)) throw dataLimitError(frame.state);
  const state = run.stateOf(frame);
  run.event(frame, `${state.Type}StateExited` as EventType, { name: frame.state, ...outputDetails(text) });
  if (next !== undefined) {
    frame.state = next;
    frame.input = output;
    run.makeReady(frame);
  } else if (frame.parent !== null) {
    endChild(run, frame, output);
  } else {
    run.event(frame, 'ExecutionSucceeded', outputDetails(text));
    run.finish('SUCCEEDED', { output });
  }
}

/** Where a state with Next or End goes. */
export const nextOf = (state: State): string | undefined => ('Next' in state ? state.Next : undefined);
