/** Choice rules: data-test expressions and their And, Or and Not. */
import { runtimeError } from './errors.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { find, parsePath } from './paths.ts';

export interface ChoiceRule extends JsonObject {
  Next: string;
}

type Kind = 'string' | 'number' | 'timestamp' | 'boolean';
type Relation = (left: number | string, right: number | string) => boolean;

const relations: Readonly<Record<string, Relation>> = {
  Equals: (left, right) => left === right,
  LessThan: (left, right) => left < right,
  GreaterThan: (left, right) => left > right,
  LessThanEquals: (left, right) => left <= right,
  GreaterThanEquals: (left, right) => left >= right,
};

const kinds = { String: 'string', Numeric: 'number', Timestamp: 'timestamp', Boolean: 'boolean' } as const;

/** Operators that compare with a value of their own kind, each also as `...Path`. */
const comparisons: Readonly<Record<string, { kind: Kind; relation: Relation }>> = Object.fromEntries(
  (['String', 'Numeric', 'Timestamp', 'Boolean'] as const).flatMap((prefix) =>
    Object.entries(relations)
      .filter(([name]) => prefix !== 'Boolean' || name === 'Equals')
      .map(([name, relation]) => [`${prefix}${name}`, { kind: kinds[prefix], relation }] as const),
  ),
);

/** Operators that ask what a value is; the operand says whether it should be. */
const typeTests: Readonly<Record<string, (value: Json | undefined) => boolean>> = {
  IsPresent: (value) => value !== undefined,
  IsNull: (value) => value === null,
  IsBoolean: (value) => typeof value === 'boolean',
  IsNumeric: (value) => typeof value === 'number',
  IsString: (value) => typeof value === 'string',
  IsTimestamp: (value) => typeof value === 'string' && instant(value) !== undefined,
};

export const choiceOperators: readonly string[] = [
  ...Object.keys(comparisons).flatMap((name) => [name, `${name}Path`]),
  'StringMatches',
  ...Object.keys(typeTests),
];

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)$/;

/** Milliseconds since 1970 of an RFC 3339 timestamp with upper-case T and Z, as the states language wants it. */
export function instant(text: string): number | undefined {
  const value = timestamp.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(value) ? undefined : value;
}

/** What is wrong with the operand of an operator, if anything. */
export function operandProblem(operator: string, operand: Json): string | undefined {
  if (operator.endsWith('Path')) return typeof operand === 'string' ? undefined : 'must be a JSONPath';
  if (operator in typeTests) return typeof operand === 'boolean' ? undefined : 'must be true or false';
  if (operator === 'StringMatches') return typeof operand === 'string' ? undefined : 'must be a string';
  const kind = comparisons[operator]?.kind;
  const fits = kind !== undefined && comparable(kind, operand) !== undefined;
  return fits ? undefined : `must be a ${kind ?? 'value'}`;
}

/** Throws StatesError States.Runtime where a rule's path leads nowhere. */
export function ruleHolds(rule: JsonObject, input: Json, context: Json): boolean {
  const nested = (name: string): JsonObject[] => (Array.isArray(rule[name]) ? rule[name].filter(isObject) : []);
  if ('And' in rule) return nested('And').every((each) => ruleHolds(each, input, context));
  if ('Or' in rule) return nested('Or').some((each) => ruleHolds(each, input, context));
  if (isObject(rule.Not)) return !ruleHolds(rule.Not, input, context);
  const operator = choiceOperators.find((name) => name in rule);
  if (operator === undefined || typeof rule.Variable !== 'string') return false;
  return testHolds(operator, rule[operator] ?? null, rule.Variable, input, context);
}

function testHolds(operator: string, operand: Json, variable: string, input: Json, context: Json): boolean {
  const path = parsePath(variable);
  const found = find(path, input, context);
  const value = !path.definite && Array.isArray(found) && found.length === 0 ? undefined : found;
  if (operator === 'IsPresent') return (value !== undefined) === operand;
  if (value === undefined) throw invalidPath(variable);
  const typeTest = typeTests[operator];
  if (typeTest !== undefined) return typeTest(value) === operand;
  if (operator === 'StringMatches') {
    return typeof value === 'string' && typeof operand === 'string' && matches(value, operand);
  }
  const byPath = operator.endsWith('Path');
  const comparison = comparisons[byPath ? operator.slice(0, -'Path'.length) : operator];
  const other = byPath ? find(parsePath(String(operand)), input, context) : operand;
  if (other === undefined) throw invalidPath(String(operand));
  if (comparison === undefined) return false;
  const left = comparable(comparison.kind, value);
  const right = comparable(comparison.kind, other);
  return left !== undefined && right !== undefined && comparison.relation(left, right);
}

const invalidPath = (path: string) =>
  runtimeError(`Invalid path '${path}': The choice state's condition path references an invalid value.`);

/** The value as something to compare; undefined when it is of another kind, which makes the test false. */
function comparable(kind: Kind, value: Json): string | number | undefined {
  if (kind === 'string') return typeof value === 'string' ? value : undefined;
  if (kind === 'number') return typeof value === 'number' ? value : undefined;
  if (kind === 'boolean') return typeof value === 'boolean' ? Number(value) : undefined;
  return typeof value === 'string' ? instant(value) : undefined;
}

/** `*` stands for any characters; after a backslash, it and the backslash stand for themselves. */
function matches(value: string, pattern: string): boolean {
  const source = pattern.replace(
    /\\([*\\])|(\*)|([^*\\]+|\\)/gs,
    (_, escaped?: string, star?: string, plain?: string) =>
      star === undefined ? (escaped ?? plain ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : '.*',
  );
  return new RegExp(`^${source}$`, 's').test(value);
}
