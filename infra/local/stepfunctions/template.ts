/** Payload templates (Parameters, ResultSelector, ItemSelector): fields named `x.$` take a path or an intrinsic function. */
import { runtimeError } from './errors.ts';
import { evaluateIntrinsic, isIntrinsic, parseIntrinsic } from './intrinsics.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { find, parsePath } from './paths.ts';

/** Reports what is wrong with a template: a place below it and the reason. */
export function checkTemplate(template: Json, report: (place: string, reason: string) => void, place = ''): void {
  if (Array.isArray(template)) {
    template.forEach((value, index) => {
      checkTemplate(value, report, `${place}[${index}]`);
    });
  }
  if (!isObject(template)) return;
  for (const [name, value] of Object.entries(template)) {
    if (!name.endsWith('.$')) {
      checkTemplate(value, report, `${place}/${name}`);
      continue;
    }
    if (Object.hasOwn(template, name.slice(0, -2))) report(`${place}/${name}`, 'is there with and without .$');
    const reason = typeof value === 'string' ? expressionProblem(value) : 'must be a JSONPath or intrinsic function';
    if (reason !== undefined) report(`${place}/${name}`, reason);
  }
}

/** What is wrong with a path or intrinsic function, if anything. */
export function expressionProblem(text: string): string | undefined {
  try {
    if (isIntrinsic(text)) parseIntrinsic(text);
    else parsePath(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Throws StatesError States.Runtime for a path that leads nowhere, States.IntrinsicFailure for a function that fails. */
export function evaluateTemplate(template: Json, input: Json, context: Json): Json {
  if (Array.isArray(template)) return template.map((value) => evaluateTemplate(value, input, context));
  if (!isObject(template)) return template;
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(template)) {
    const dynamic = name.endsWith('.$') && typeof value === 'string';
    const target = dynamic ? name.slice(0, -2) : name;
    result[target] = dynamic ? evaluateField(name, value, input, context) : evaluateTemplate(value, input, context);
  }
  return result;
}

/** A field's path or intrinsic function. Throws StatesError. */
export function evaluateField(field: string, text: string, input: Json, context: Json): Json {
  if (isIntrinsic(text)) return evaluateIntrinsic(parseIntrinsic(text), input, context);
  const path = parsePath(text);
  const value = find(path, input, context);
  if (value !== undefined) return value;
  const searched = JSON.stringify(path.root === 'context' ? context : input);
  throw runtimeError(
    `The JSONPath '${text}' specified for the field '${field}' could not be found in the input '${searched}'`,
  );
}
