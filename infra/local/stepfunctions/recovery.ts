/** What happens when a state fails: Retry, then Catch, then the failure of what it is part of. */
import { defaultMaxAttempts, retryDelaySeconds } from './backoff.ts';
import { failChild } from './branches.ts';
import { placeResult } from './dataflow.ts';
import type { Catcher, Retrier, State } from './definition.ts';
import { matchesError, StatesError } from './errors.ts';
import { exitState } from './flow.ts';
import type { Frame } from './frame.ts';
import type { Run } from './run.ts';

/** Does something in a frame's state; if a path, function or limit fails there, the state fails. */
export function within(run: Run, frame: Frame, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    const place = `An error occurred while executing the state '${frame.state}' (entered at the event id #${frame.enteredEvent}). `;
    failState(run, frame, new StatesError(error.error, `${place}${error.cause}`));
  }
}

/** The state of a frame has failed. */
export function failState(run: Run, frame: Frame, failure: StatesError): void {
  if (!run.running) return;
  const state = run.stateOf(frame);
  if (scheduleRetry(run, frame, state, failure)) return;
  const catcher = catchersOf(state).find((each) => matchesError(each.ErrorEquals, failure));
  if (catcher !== undefined) catchFailure(run, frame, catcher, failure);
  else failFrame(run, frame, failure);
}

/** A frame ends because of a failure that nothing in it handles. */
export function failFrame(run: Run, frame: Frame, failure: StatesError): void {
  if (frame.parent !== null && failure.error !== 'States.Runtime') {
    failChild(run, frame, failure);
    return;
  }
  const { error, cause } = failure;
  const details = { ...(error === '' ? {} : { error }), ...(cause === '' ? {} : { cause }) };
  run.event(frame, 'ExecutionFailed', details);
  endAll(run);
  run.finish('FAILED', details);
}

/** Leaves nothing of the execution's calls and tokens behind. */
export function endAll(run: Run): void {
  for (const frame of run.allFrames()) endCall(run, frame);
}

/** Ends a Task's call: its timers, its token, a nested execution that it waits for. A function under way runs on, as on AWS. */
export function endCall(run: Run, frame: Frame): void {
  run.clearTimers(frame);
  const { call } = frame;
  if (call === null) return;
  frame.call = null;
  if (call.token !== null) run.store.closeToken(call.token);
  if (call.nestedArn !== null) run.effects.push({ kind: 'stopNested', arn: call.nestedArn });
}

const retriersOf = (state: State): readonly Retrier[] => ('Retry' in state ? (state.Retry ?? []) : []);
const catchersOf = (state: State): readonly Catcher[] => ('Catch' in state ? (state.Catch ?? []) : []);

function scheduleRetry(run: Run, frame: Frame, state: State, failure: StatesError): boolean {
  const retriers = retriersOf(state);
  const index = retriers.findIndex((each) => matchesError(each.ErrorEquals, failure));
  const retrier = retriers[index];
  const used = frame.retries[index] ?? 0;
  if (retrier === undefined || used >= (retrier.MaxAttempts ?? defaultMaxAttempts)) return false;
  frame.retries = retriers.map((_, each) => (frame.retries[each] ?? 0) + (each === index ? 1 : 0));
  frame.phase = 'retrying';
  run.setTimer(frame, 'retry', Date.now() + retryDelaySeconds(retrier, used, Math.random()) * 1000);
  return true;
}

function catchFailure(run: Run, frame: Frame, catcher: Catcher, failure: StatesError): void {
  const caught = { Error: failure.error, Cause: failure.cause };
  try {
    exitState(run, frame, placeResult(catcher.ResultPath, frame.input, caught), catcher.Next);
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    failFrame(run, frame, error);
  }
}
