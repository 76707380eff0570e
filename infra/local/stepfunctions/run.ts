/**
 * One execution within one transaction: frames and events are changed here, and written together by `flush`. What has to
 * happen outside the database (a Lambda to call, a nested execution to start) is left in `effects` for after the commit.
 */
import { type Machine, machineAt, parseDefinition, type State } from './definition.ts';
import { runtimeError } from './errors.ts';
import type { ExecutionRow, ExecutionStatus, ExecutionStore } from './executionStore.ts';
import type { Frame, TimerKind } from './frame.ts';
import { detailsField, type EventType } from './history.ts';
import type { Json, JsonObject } from './json.ts';

export type Effect =
  | { readonly kind: 'call'; readonly frame: number; readonly attempt: number }
  | { readonly kind: 'stopNested'; readonly arn: string }
  | { readonly kind: 'ended' };

/** AWS ends an execution whose history would grow beyond this. */
const maxEvents = 25_000;

export class Run {
  readonly execution: ExecutionRow;
  readonly machine: Machine;
  readonly effects: Effect[] = [];
  readonly store: ExecutionStore;
  readonly #frames = new Map<number, Frame>();
  readonly #ready: number[] = [];

  constructor(store: ExecutionStore, execution: ExecutionRow) {
    this.store = store;
    this.execution = execution;
    this.machine = parseDefinition(execution.definition);
  }

  get arn(): string {
    return this.execution.arn;
  }

  get running(): boolean {
    return this.execution.status === 'RUNNING';
  }

  frame(id: number): Frame | undefined {
    const frame = this.#frames.get(id) ?? this.store.frame(this.arn, id);
    if (frame !== undefined) this.#frames.set(id, frame);
    return frame;
  }

  children(parent: Frame): Frame[] {
    const ids = new Set(this.store.childIds(this.arn, parent.id));
    for (const frame of this.#frames.values()) if (frame.parent === parent.id) ids.add(frame.id);
    return [...ids].flatMap((id) => this.frame(id) ?? []);
  }

  addFrame(parts: Pick<Frame, 'parent' | 'index' | 'location' | 'state' | 'input' | 'lastEvent' | 'item'>): Frame {
    this.execution.lastFrame += 1;
    const frame: Frame = {
      ...parts,
      id: this.execution.lastFrame,
      phase: 'ready',
      enteredTime: '',
      enteredEvent: 0,
      attempt: 0,
      retries: [],
      output: null,
      call: null,
      branching: null,
    };
    this.#frames.set(frame.id, frame);
    this.makeReady(frame);
    return frame;
  }

  allFrames(): Frame[] {
    const ids = new Set([...this.store.frameIds(this.arn), ...this.#frames.keys()]);
    return [...ids].flatMap((id) => this.frame(id) ?? []);
  }

  removeFrame(frame: Frame): void {
    this.#frames.delete(frame.id);
    this.store.removeFrame(this.arn, frame.id);
    this.store.clearTimers(this.arn, frame.id);
  }

  makeReady(frame: Frame): void {
    frame.phase = 'ready';
    this.#ready.push(frame.id);
  }

  nextReady(): Frame | undefined {
    for (let id = this.#ready.shift(); id !== undefined && this.running; id = this.#ready.shift()) {
      const frame = this.frame(id);
      if (frame?.phase === 'ready') return frame;
    }
    return undefined;
  }

  stateOf(frame: Frame): State {
    const state = machineAt(this.machine, frame.location).States[frame.state];
    if (state === undefined) throw new Error(`${this.arn} is in state '${frame.state}', which its definition lacks`);
    return state;
  }

  /** Adds a history event after the frame's latest one, or after `previous`. Throws StatesError when there are too many. */
  event(frame: Frame | null, type: EventType, details?: JsonObject, previous = frame?.lastEvent ?? 0): number {
    const last = type.startsWith('Execution');
    if (!last && this.execution.lastEvent >= maxEvents - 1) {
      throw runtimeError(`The execution reached the maximum number of history events (${maxEvents}).`);
    }
    this.execution.lastEvent += 1;
    const id = this.execution.lastEvent;
    const field = details === undefined ? null : detailsField(type);
    const text = details === undefined ? null : JSON.stringify(details);
    this.store.addEvent(this.arn, { id, type, timestamp: Date.now(), previous, field, details: text });
    if (frame !== null) frame.lastEvent = id;
    return id;
  }

  setTimer(frame: Frame, kind: TimerKind, due: number): void {
    this.store.setTimer({ executionArn: this.arn, frame: frame.id, kind, due: Math.ceil(due) });
  }

  clearTimers(frame: Frame): void {
    this.store.clearTimers(this.arn, frame.id);
  }

  /** Ends the execution, after its last event. */
  finish(status: ExecutionStatus, result: { output?: Json; error?: string; cause?: string }): void {
    const { execution } = this;
    execution.status = status;
    execution.stopped = Date.now();
    execution.output = result.output === undefined ? null : JSON.stringify(result.output);
    execution.error = result.error ?? null;
    execution.cause = result.cause ?? null;
    this.store.removeFrames(this.arn);
    this.#frames.clear();
    this.effects.push({ kind: 'ended' });
  }

  flush(): void {
    this.store.save(this.execution);
    for (const frame of this.#frames.values()) this.store.saveFrame(this.arn, frame);
  }
}
