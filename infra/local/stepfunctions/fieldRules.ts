/** Rules for single fields of a definition: what is wrong with a value, in words, or undefined. */
import { instant } from './choice.ts';
import { isObject, type Json } from './json.ts';
import { PathSyntaxError, parsePath } from './paths.ts';
import { checkTemplate, expressionProblem } from './template.ts';

/** Calls `report` with the place below the field (empty for the field itself) and the reason. */
export type Rule = (value: Json, report: (place: string, reason: string) => void) => void;

const rule =
  (problem: (value: Json) => string | undefined): Rule =>
  (value, report) => {
    const reason = problem(value);
    if (reason !== undefined) report('', reason);
  };

export const anything: Rule = () => {};
export const text = rule((value) => (typeof value === 'string' ? undefined : 'must be a string'));
export const truth = rule((value) => (typeof value === 'boolean' ? undefined : 'must be true or false'));
export const nonEmptyText = rule((value) =>
  typeof value === 'string' && value !== '' ? undefined : 'must be a string that is not empty',
);

export const integer = (least: number, most: number): Rule =>
  rule((value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `must be an integer from ${least} to ${most}`,
  );

export const numberFrom = (least: number): Rule =>
  rule((value) => (typeof value === 'number' && value >= least ? undefined : `must be a number of at least ${least}`));

export const oneOf = (...values: readonly string[]): Rule =>
  rule((value) => (values.includes(String(value)) ? undefined : `must be ${values.join(' or ')}`));

export const timestamp = rule((value) =>
  typeof value === 'string' && instant(value) !== undefined
    ? undefined
    : 'must be a timestamp such as 2026-01-31T00:00:00Z',
);

function pathProblem(value: Json, definite: boolean): string | undefined {
  if (typeof value !== 'string') return 'must be a JSONPath';
  try {
    const path = parsePath(value);
    return definite && !path.definite ? `must be a reference path: '${value}' may match several values` : undefined;
  } catch (error) {
    if (error instanceof PathSyntaxError) return error.message;
    throw error;
  }
}

export const path = rule((value) => pathProblem(value, false));
export const referencePath = rule((value) => pathProblem(value, true));
export const pathOrNull = rule((value) => (value === null ? undefined : pathProblem(value, false)));

/** A reference path that may also be an intrinsic function, as ErrorPath and CausePath take them. */
export const expression = rule((value) => {
  if (typeof value !== 'string') return 'must be a JSONPath or intrinsic function';
  return value.startsWith('States.') ? expressionProblem(value) : pathProblem(value, true);
});

export const resultPath = rule((value) => {
  if (value === null) return undefined;
  const problem = pathProblem(value, true);
  if (problem !== undefined) return problem;
  return parsePath(String(value)).root === 'context' ? 'must not point into the context object' : undefined;
});

export const template: Rule = (value, report) => {
  checkTemplate(value, report);
};

export const objectTemplate: Rule = (value, report) => {
  if (isObject(value)) checkTemplate(value, report);
  else report('', 'must be an object');
};

/** Refuses a field that AWS knows and this interpreter does not. */
export const unsupported = (what: string): Rule => rule(() => `is not supported here: ${what}`);
