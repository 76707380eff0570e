/** How data flows through a state: InputPath, Parameters, ResultSelector, ResultPath, OutputPath, in this order. */
import { runtimeError, StatesError } from './errors.ts';
import type { Json } from './json.ts';
import { find, parsePath, replaceAt } from './paths.ts';
import { evaluateTemplate } from './template.ts';

/** null stands for an empty object, undefined for the whole. Throws StatesError States.Runtime. */
function select(field: string, path: string | null | undefined, input: Json, context: Json): Json {
  if (path === undefined || path === '$') return input;
  if (path === null) return {};
  const value = find(parsePath(path), input, context);
  if (value !== undefined) return value;
  throw runtimeError(`Invalid path '${path}' in ${field}: it leads nowhere in the input '${JSON.stringify(input)}'`);
}

interface InputFields {
  readonly InputPath?: string | null;
  readonly Parameters?: Json;
}

/** The state's input after InputPath. */
export const selectInput = (state: InputFields, raw: Json, context: Json): Json =>
  select('InputPath', state.InputPath, raw, context);

/** The state's input after InputPath and Parameters. */
export function effectiveInput(state: InputFields, raw: Json, context: Json): Json {
  const input = selectInput(state, raw, context);
  return state.Parameters === undefined ? input : evaluateTemplate(state.Parameters, input, context);
}

/** `raw` with `result` put where ResultPath says; `null` drops the result. Throws States.ResultPathMatchFailure. */
export function placeResult(resultPath: string | null | undefined, raw: Json, result: Json): Json {
  if (resultPath === null) return raw;
  if (resultPath === undefined || resultPath === '$') return result;
  const placed = replaceAt(raw, parsePath(resultPath), result);
  if (placed !== undefined) return placed;
  throw new StatesError(
    'States.ResultPathMatchFailure',
    `Unable to apply ReferencePath '${resultPath}' to input '${JSON.stringify(raw)}'`,
  );
}

interface OutputFields {
  readonly ResultSelector?: Json;
  readonly ResultPath?: string | null;
  readonly OutputPath?: string | null;
}

/** The state's output, from its raw input and its result. */
export function stateOutput(state: OutputFields, raw: Json, result: Json, context: Json): Json {
  const selected =
    state.ResultSelector === undefined ? result : evaluateTemplate(state.ResultSelector, result, context);
  return selectOutput(state, placeResult(state.ResultPath, raw, selected), context);
}

export const selectOutput = (state: OutputFields, value: Json, context: Json): Json =>
  select('OutputPath', state.OutputPath, value, context);
