/** A frame: one thread of an execution, i.e. the execution's own, a Parallel's branch or a Map's iteration. */
import type { Location } from './definition.ts';
import type { Json } from './json.ts';

/** `ready`: about to enter its state. `done`: ended well, its output waits for its siblings. */
export type Phase = 'ready' | 'waiting' | 'task' | 'retrying' | 'branching' | 'done';

export interface Frame {
  readonly id: number;
  readonly parent: number | null;
  /** Which of its parent's branches or iterations this is. */
  readonly index: number;
  readonly location: Location;
  state: string;
  phase: Phase;
  /** The state's raw input, before InputPath. */
  input: Json;
  /** ISO 8601 with milliseconds. */
  enteredTime: string;
  enteredEvent: number;
  /** The frame's latest event: the next one's previousEventId. */
  lastEvent: number;
  /** Grows with each attempt at any state: results of earlier attempts are recognised by it, and ignored. */
  attempt: number;
  /** Retries used up, one count for each entry of the state's Retry. */
  retries: number[];
  item: { readonly index: number; readonly value: Json } | null;
  output: Json;
  call: TaskCall | null;
  branching: Branching | null;
}

/** A Task's call in progress, enough to make it again after a crash. */
export interface TaskCall {
  readonly arguments: Json;
  readonly token: string | null;
  readonly heartbeatSeconds: number | null;
  /** Given back by the service; a token or a nested execution is still to come. */
  submitted: boolean;
  /** Name of a nested execution, chosen once so that starting it again is harmless. */
  readonly nestedName: string | null;
  nestedArn: string | null;
}

/** A Map's or Parallel's progress. */
export interface Branching {
  readonly startedEvent: number;
  readonly input: Json;
  readonly items: readonly Json[];
  next: number;
  done: number;
}

export type TimerKind = 'wait' | 'retry' | 'heartbeat' | 'timeout' | 'execution';

export interface TimerRow {
  readonly executionArn: string;
  /** 0 for the execution's own time limit. */
  readonly frame: number;
  readonly kind: TimerKind;
  /** Milliseconds since 1970. */
  readonly due: number;
}
