/**
 * Condition operators, as far as our policies use them or their opposites (AWS: IAM JSON policy elements: Condition
 * operators; Single-valued vs. multivalued context keys). Pure.
 */
import { isArnLike, isLike } from './patterns.ts';

/** Context key -> its values in the request. A key that the request does not have is missing, not empty. */
export type Context = Readonly<Record<string, readonly string[]>>;

export interface Condition {
  /** As in the policy: `StringEquals`, `ForAllValues:StringLike`, ... */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

type Comparison = (given: string, wanted: string) => boolean;

const comparisons: Readonly<Record<string, Comparison>> = {
  StringEquals: (given, wanted) => given === wanted,
  StringLike: isLike,
  ArnLike: isArnLike,
  Bool: (given, wanted) => given.toLowerCase() === wanted.toLowerCase(),
};
/** True of what the positive operator is not true of, so also where the key is missing. */
const opposites: Readonly<Record<string, string>> = { StringNotEquals: 'StringEquals', StringNotLike: 'StringLike' };

const operator = /^(?:(ForAllValues|ForAnyValue):)?(\w+)$/;

export function isKnownOperator(name: string): boolean {
  const [, set, base = ''] = operator.exec(name) ?? [];
  if (base === 'Null') return set === undefined;
  return Object.hasOwn(comparisons, base) || (set === undefined && Object.hasOwn(opposites, base));
}

/** Whether one condition holds: any of its values will do. */
export function holds({ operator: name, key, values }: Condition, context: Context): boolean {
  const given = valuesOf(context, key);
  const [, set, base = ''] = operator.exec(name) ?? [];
  if (base === 'Null') return values.some((value) => (value.toLowerCase() === 'true') === (given === undefined));
  const opposite = opposites[base];
  if (opposite !== undefined) return !holds({ operator: opposite, key, values }, context);
  const compare = comparisons[base];
  if (compare === undefined) throw new Error(`the condition operator ${name} is not evaluated here`);
  const matches = (one: string) => values.some((value) => compare(one, value));
  // Nothing to compare satisfies "for all": whoever means otherwise adds a Null condition.
  if (set === 'ForAllValues') return (given ?? []).every(matches);
  if (set === 'ForAnyValue') return (given ?? []).some(matches);
  // Of more than one value, AWS asks for a set operator.
  return given?.length === 1 && given.every(matches);
}

/** Keys are compared without regard to case. */
function valuesOf(context: Context, key: string): readonly string[] | undefined {
  const wanted = key.toLowerCase();
  return Object.entries(context).find(([name]) => name.toLowerCase() === wanted)?.[1];
}
