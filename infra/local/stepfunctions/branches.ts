/** Map and Parallel: the frames below a frame. */
import { contextObject } from './contextObject.ts';
import { effectiveInput, selectInput, stateOutput } from './dataflow.ts';
import { type Machine, type MapState, type ParallelState, processorOf } from './definition.ts';
import { runtimeError, type StatesError } from './errors.ts';
import { exitState, nextOf } from './flow.ts';
import type { Frame } from './frame.ts';
import type { EventType } from './history.ts';
import type { Json } from './json.ts';
import { find, parsePath } from './paths.ts';
import { endCall, failState, within } from './recovery.ts';
import type { Run } from './run.ts';
import { evaluateTemplate } from './template.ts';

/** Iterations that run at a time where MaxConcurrency is 0, i.e. unlimited (AWS: "up to 40" for an inline map). */
const mostIterations = 40;

export function beginParallel(run: Run, frame: Frame, state: ParallelState): void {
  const input = effectiveInput(state, frame.input, contextObject(run, frame));
  const startedEvent = run.event(frame, 'ParallelStateStarted');
  frame.phase = 'branching';
  frame.attempt += 1;
  frame.branching = { startedEvent, input, items: [], next: state.Branches.length, done: 0 };
  state.Branches.forEach((branch, index) => {
    addChild(run, frame, branch, index, input, frame.item);
  });
}

export function beginMap(run: Run, frame: Frame, state: MapState): void {
  const context = contextObject(run, frame);
  const input = selectInput(state, frame.input, context);
  const itemsPath = state.ItemsPath ?? '$';
  const items = find(parsePath(itemsPath), input, context);
  if (!Array.isArray(items)) throw runtimeError(`Reference path '${itemsPath}' must point to array.`);
  const startedEvent = run.event(frame, 'MapStateStarted', { length: items.length });
  frame.phase = 'branching';
  frame.attempt += 1;
  frame.branching = { startedEvent, input, items, next: 0, done: 0 };
  launch(run, frame, state);
}

/** Starts as many iterations as MaxConcurrency allows, or ends the Map. */
function launch(run: Run, frame: Frame, state: MapState): void {
  const { branching } = frame;
  const processor = processorOf(state);
  if (branching === null || processor === undefined) return;
  if (branching.done === branching.items.length) {
    endBranching(run, frame, state);
    return;
  }
  const selector = state.ItemSelector ?? state.Parameters;
  const most = state.MaxConcurrency || mostIterations;
  while (branching.next < branching.items.length && branching.next - branching.done < most) {
    const index = branching.next++;
    const item = { index, value: branching.items[index] ?? null };
    const context = contextObject(run, frame, { item });
    const input = selector === undefined ? item.value : evaluateTemplate(selector, branching.input, context);
    const child = addChild(run, frame, processor, index, input, item);
    run.event(child, 'MapIterationStarted', { name: frame.state, index });
  }
}

function addChild(run: Run, frame: Frame, machine: Machine, index: number, input: Json, item: Frame['item']): Frame {
  const isMap = run.stateOf(frame).Type === 'Map';
  return run.addFrame({
    parent: frame.id,
    index,
    location: [...frame.location, [frame.state, isMap ? 0 : index]],
    state: machine.StartAt,
    input,
    lastEvent: frame.branching?.startedEvent ?? 0,
    item,
  });
}

/** A branch or iteration has ended well. */
export function endChild(run: Run, child: Frame, output: Json): void {
  const parent = parentOf(run, child);
  const state = run.stateOf(parent);
  const { branching } = parent;
  if (branching === null) return;
  child.phase = 'done';
  child.output = output;
  branching.done += 1;
  if (state.Type === 'Map') {
    run.event(child, 'MapIterationSucceeded', { name: parent.state, index: child.index });
    parent.lastEvent = child.lastEvent;
    within(run, parent, () => launch(run, parent, state));
  } else if (state.Type === 'Parallel' && branching.done === state.Branches.length) {
    parent.lastEvent = child.lastEvent;
    within(run, parent, () => endBranching(run, parent, state));
  }
}

function endBranching(run: Run, frame: Frame, state: MapState | ParallelState): void {
  const outputs: Json[] = [];
  for (const child of run.children(frame)) {
    outputs[child.index] = child.output;
    run.removeFrame(child);
  }
  frame.branching = null;
  run.event(frame, `${state.Type}StateSucceeded` as EventType);
  exitState(run, frame, stateOutput(state, frame.input, outputs, contextObject(run, frame)), nextOf(state));
}

/** A branch or iteration has failed: its siblings are aborted, and the state that they are part of fails. */
export function failChild(run: Run, child: Frame, failure: StatesError): void {
  const parent = parentOf(run, child);
  const state = run.stateOf(parent);
  if (state.Type === 'Map') run.event(child, 'MapIterationFailed', { name: parent.state, index: child.index });
  parent.lastEvent = child.lastEvent;
  endCall(run, child);
  run.removeFrame(child);
  abortChildren(run, parent);
  parent.branching = null;
  run.event(parent, `${state.Type}StateFailed` as EventType);
  failState(run, parent, failure);
}

function abortChildren(run: Run, frame: Frame): void {
  const state = run.stateOf(frame);
  for (const child of run.children(frame)) {
    if (child.phase !== 'done') {
      abortChildren(run, child);
      endCall(run, child);
      const { Type: type } = run.stateOf(child);
      if (child.phase !== 'ready' && type !== 'Choice' && type !== 'Pass' && type !== 'Succeed' && type !== 'Fail') {
        run.event(child, `${type}StateAborted`);
      }
      if (state.Type === 'Map') run.event(child, 'MapIterationAborted', { name: frame.state, index: child.index });
    }
    run.removeFrame(child);
  }
}

function parentOf(run: Run, child: Frame): Frame {
  const parent = child.parent === null ? undefined : run.frame(child.parent);
  if (parent === undefined) throw new Error(`frame ${child.id} of ${run.arn} has lost its parent`);
  return parent;
}
