/** A state machine's definition as the interpreter walks it, read from its JSON text and checked. */
import { AwsError } from '../wire/service.ts';
import type { ChoiceRule } from './choice.ts';
import type { Json, JsonObject } from './json.ts';
import { machineProblems } from './machineRules.ts';

export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  BackoffRate?: number;
  MaxAttempts?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: 'FULL' | 'NONE';
}

export interface Catcher {
  ErrorEquals: string[];
  ResultPath?: string | null;
  Next: string;
}

interface Common {
  Comment?: string;
  InputPath?: string | null;
  OutputPath?: string | null;
}

interface Flow extends Common {
  Next?: string;
  End?: boolean;
}

interface Result {
  Parameters?: Json;
  ResultPath?: string | null;
}

interface Recovery extends Result {
  ResultSelector?: Json;
  Retry?: Retrier[];
  Catch?: Catcher[];
}

export interface PassState extends Flow, Result {
  Type: 'Pass';
  Result?: Json;
}

export interface TaskState extends Flow, Recovery {
  Type: 'Task';
  Resource: string;
  TimeoutSeconds?: number;
  TimeoutSecondsPath?: string;
  HeartbeatSeconds?: number;
  HeartbeatSecondsPath?: string;
}

export interface ChoiceState extends Common {
  Type: 'Choice';
  Choices: ChoiceRule[];
  Default?: string;
}

export interface WaitState extends Flow {
  Type: 'Wait';
  Seconds?: number;
  SecondsPath?: string;
  Timestamp?: string;
  TimestampPath?: string;
}

export interface SucceedState extends Common {
  Type: 'Succeed';
}

export interface FailState {
  Type: 'Fail';
  Comment?: string;
  Error?: string;
  ErrorPath?: string;
  Cause?: string;
  CausePath?: string;
}

export interface MapState extends Flow, Recovery {
  Type: 'Map';
  ItemsPath?: string;
  ItemSelector?: Json;
  MaxConcurrency?: number;
  ItemProcessor?: Machine;
  Iterator?: Machine;
}

export interface ParallelState extends Flow, Recovery {
  Type: 'Parallel';
  Branches: Machine[];
}

export type State =
  | PassState
  | TaskState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | MapState
  | ParallelState;

/** The states of a machine, of a Parallel's branch or of a Map's processor. */
export interface Machine {
  Comment?: string;
  StartAt: string;
  States: Record<string, State>;
  TimeoutSeconds?: number;
}

/** Where a branch's or an iteration's states are: name of the Parallel or Map, and index of the branch (0 for a Map). */
export type Location = readonly (readonly [state: string, branch: number])[];

const checked = new Map<string, Machine>();
const mostRemembered = 50;

/** Longest definition, in bytes. */
const maxDefinitionBytes = 1_048_576;

/** Throws AwsError InvalidDefinition that names each state and field outside the supported subset. */
export function parseDefinition(text: string): Machine {
  const known = checked.get(text);
  if (known !== undefined) return known;
  if (Buffer.byteLength(text) > maxDefinitionBytes) throw invalidDefinition('DEFINITION_TOO_LARGE: over 1 MiB');
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    throw invalidDefinition(`INVALID_JSON_DESCRIPTION: ${error instanceof Error ? error.message : String(error)}`);
  }
  const problems = machineProblems(json);
  if (problems.length > 0)
    throw invalidDefinition(problems.map((each) => `SCHEMA_VALIDATION_FAILED: ${each}`).join(', '));
  const machine = json as JsonObject & Machine;
  if (checked.size >= mostRemembered) checked.clear();
  checked.set(text, machine);
  return machine;
}

const invalidDefinition = (message: string) =>
  new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${message}'`);

/** The machine, branch or processor at a location. */
export function machineAt(machine: Machine, location: Location): Machine {
  let at = machine;
  for (const [name, branch] of location) {
    const state = at.States[name];
    const below =
      state?.Type === 'Map' ? processorOf(state) : state?.Type === 'Parallel' ? state.Branches[branch] : undefined;
    if (below === undefined) throw new Error(`the definition has no branch ${branch} in state '${name}'`);
    at = below;
  }
  return at;
}

export const processorOf = (state: MapState): Machine | undefined => state.ItemProcessor ?? state.Iterator;
