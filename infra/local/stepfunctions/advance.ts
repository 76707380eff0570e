/** Moves an execution on until every frame of it waits for something. */
import { beginMap, beginParallel } from './branches.ts';
import { ruleHolds } from './choice.ts';
import { contextObject } from './contextObject.ts';
import { effectiveInput, selectInput, selectOutput, stateOutput } from './dataflow.ts';
import type { ChoiceState, FailState, PassState, State, WaitState } from './definition.ts';
import { StatesError } from './errors.ts';
import { exitState, nextOf, noteEntered } from './flow.ts';
import type { Frame } from './frame.ts';
import type { Json } from './json.ts';
import { failFrame, within } from './recovery.ts';
import type { Run } from './run.ts';
import { beginTask } from './tasks.ts';
import { evaluateField } from './template.ts';
import { waitUntil } from './waits.ts';

export function advance(run: Run): void {
  for (let frame = run.nextReady(); frame !== undefined; frame = run.nextReady()) {
    const current = frame;
    within(run, current, () => enter(run, current));
  }
}

function enter(run: Run, frame: Frame): void {
  const state = run.stateOf(frame);
  noteEntered(run, frame, state);
  begin(run, frame, state);
}

/** Begins a state's work: on entering it, and again on each retry. Throws StatesError. */
export function begin(run: Run, frame: Frame, state: State): void {
  const context = contextObject(run, frame);
  switch (state.Type) {
    case 'Pass':
      exitState(run, frame, passOutput(state, frame.input, context), nextOf(state));
      break;
    case 'Succeed':
      exitState(run, frame, passThrough(state, frame.input, context), undefined);
      break;
    case 'Choice':
      choose(run, frame, state, context);
      break;
    case 'Wait':
      frame.phase = 'waiting';
      run.setTimer(frame, 'wait', waitUntil(state, selectInput(state, frame.input, context), context, Date.now()));
      break;
    case 'Fail':
      failFrame(run, frame, declaredFailure(state, frame.input, context));
      break;
    case 'Task':
      beginTask(run, frame, state);
      break;
    case 'Map':
      beginMap(run, frame, state);
      break;
    case 'Parallel':
      beginParallel(run, frame, state);
      break;
  }
}

/** The time of a Wait is over. */
export function endWait(run: Run, frame: Frame, state: WaitState): void {
  exitState(run, frame, passThrough(state, frame.input, contextObject(run, frame)), nextOf(state));
}

function passOutput(state: PassState, raw: Json, context: Json): Json {
  const input = effectiveInput(state, raw, context);
  return stateOutput(state, raw, state.Result ?? (state.Result === null ? null : input), context);
}

const passThrough = (state: Exclude<State, FailState>, raw: Json, context: Json): Json =>
  selectOutput(state, selectInput(state, raw, context), context);

function choose(run: Run, frame: Frame, state: ChoiceState, context: Json): void {
  const input = selectInput(state, frame.input, context);
  const rule = state.Choices.find((each) => ruleHolds(each, input, context));
  const next = rule?.Next ?? state.Default;
  if (next === undefined) {
    throw new StatesError(
      'States.NoChoiceMatched',
      `Failed to transition out of the state. The state '${frame.state}' has no rule that holds, and no Default.`,
    );
  }
  exitState(run, frame, selectOutput(state, input, context), next);
}

function declaredFailure(state: FailState, input: Json, context: Json): StatesError {
  const value = (fixed: string | undefined, path: string | undefined, field: string): string => {
    if (path === undefined) return fixed ?? '';
    const found = evaluateField(field, path, input, context);
    if (typeof found === 'string') return found;
    throw new StatesError(
      'States.Runtime',
      `The ${field} field '${path}' must give a string, not ${JSON.stringify(found)}`,
    );
  };
  const error = value(state.Error, state.ErrorPath, 'ErrorPath');
  return new StatesError(error, value(state.Cause, state.CausePath, 'CausePath'));
}
