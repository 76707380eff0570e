/** CloudFormation's intrinsic functions, as far as our templates use them; anything else is refused by name. Pure. */
import type { Template } from './assembly.ts';

export interface Scope {
  readonly template: Template;
  readonly pseudo: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly zones: readonly string[];
  /** What `Ref` gives of a resource. */
  reference(logicalId: string): string;
  /** What `Fn::GetAtt` gives. @throws Error where the resource has no such attribute here. */
  attribute(logicalId: string, name: string): unknown;
}

const noValue = Symbol('AWS::NoValue');

/** A property's value with every function evaluated. */
export function evaluate(value: unknown, scope: Scope): unknown {
  const result = evaluateInner(value, scope);
  return result === noValue ? undefined : result;
}

function evaluateInner(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value))
    return value.map((entry) => evaluateInner(entry, scope)).filter((entry) => entry !== noValue);
  if (typeof value !== 'object' || value === null) return value;
  const call = callOf(value);
  if (call !== null) return apply(call.name, call.argument, scope);
  const entries = Object.entries(value).map(([key, entry]) => [key, evaluateInner(entry, scope)] as const);
  return Object.fromEntries(entries.filter(([, entry]) => entry !== noValue));
}

function callOf(value: object): { name: string; argument: unknown } | null {
  const entries = Object.entries(value);
  const [only] = entries;
  if (only === undefined || entries.length !== 1) return null;
  const [name, argument] = only;
  return name === 'Ref' || name === 'Condition' || name.startsWith('Fn::') ? { name, argument } : null;
}

type Evaluator = (argument: unknown, scope: Scope) => unknown;

const functions: Readonly<Record<string, Evaluator>> = {
  Ref: (argument, scope) => reference(String(argument), scope),
  Condition: (argument, scope) => condition(String(argument), scope),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, name] = Array.isArray(argument) ? argument.map(String) : splitOnce(String(argument));
    return scope.attribute(logicalId ?? '', name ?? '');
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = argument as [string, unknown];
    return (evaluateInner(parts, scope) as unknown[]).map(String).join(separator);
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = argument as [string, unknown];
    return String(evaluateInner(text, scope)).split(separator);
  },
  'Fn::Select': (argument, scope) => {
    const [index, list] = evaluateInner(argument, scope) as [unknown, unknown[]];
    if (list[Number(index)] === undefined)
      throw new Error(`Fn::Select has no entry ${index} in a list of ${list.length}`);
    return list[Number(index)];
  },
  'Fn::Sub': (argument, scope) => substitute(argument, scope),
  'Fn::GetAZs': (_argument, scope) => scope.zones,
  'Fn::Base64': (argument, scope) => Buffer.from(String(evaluateInner(argument, scope)), 'utf8').toString('base64'),
  'Fn::FindInMap': (argument, scope) => {
    const [map, first, second] = (evaluateInner(argument, scope) as unknown[]).map(String);
    return scope.template.Mappings?.[map ?? '']?.[first ?? '']?.[second ?? ''];
  },
  'Fn::If': (argument, scope) => {
    const [name, yes, no] = argument as [string, unknown, unknown];
    return evaluateInner(condition(name, scope) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [left, right] = evaluateInner(argument, scope) as [unknown, unknown];
    return String(left) === String(right);
  },
  'Fn::Not': (argument, scope) => !(evaluateInner(argument, scope) as unknown[])[0],
  'Fn::And': (argument, scope) => (evaluateInner(argument, scope) as unknown[]).every(Boolean),
  'Fn::Or': (argument, scope) => (evaluateInner(argument, scope) as unknown[]).some(Boolean),
};

function apply(name: string, argument: unknown, scope: Scope): unknown {
  const evaluator = functions[name];
  if (evaluator === undefined) throw new Error(`this home does not evaluate ${name}`);
  return evaluator(argument, scope);
}

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return noValue;
  return scope.pseudo[name] ?? scope.parameters[name] ?? scope.reference(name);
}

/** Whether a named condition of the template holds. */
export function condition(name: string, scope: Scope): boolean {
  const definition = scope.template.Conditions?.[name];
  if (definition === undefined) throw new Error(`the template has no condition ${name}`);
  return Boolean(evaluateInner(definition, scope));
}

function substitute(argument: unknown, scope: Scope): string {
  const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Record<string, unknown>];
  return text.replace(/\$\{([^!}][^}]*)\}/g, (_whole, name: string) => {
    if (Object.hasOwn(own, name)) return String(evaluateInner(own[name], scope));
    if (!name.includes('.')) return String(reference(name, scope));
    const [logicalId, attribute] = splitOnce(name);
    return String(scope.attribute(logicalId, attribute));
  });
}

function splitOnce(text: string): [string, string] {
  const dot = text.indexOf('.');
  return [text.slice(0, dot), text.slice(dot + 1)];
}

/** The resources that a value refers to. */
export function referencesIn(value: unknown, template: Template): Set<string> {
  const found = new Set<string>();
  collect(value, found);
  return new Set([...found].filter((name) => Object.hasOwn(template.Resources, name)));
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  const call = Array.isArray(value) ? null : callOf(value);
  if (call?.name === 'Ref') found.add(String(call.argument));
  if (call?.name === 'Fn::GetAtt') {
    found.add(Array.isArray(call.argument) ? String(call.argument[0]) : splitOnce(String(call.argument))[0]);
  }
  if (call?.name === 'Fn::Sub') {
    const text = String(Array.isArray(call.argument) ? call.argument[0] : call.argument);
    for (const match of text.matchAll(/\$\{([^!}.]+)/g)) found.add(match[1] ?? '');
  }
  for (const entry of Object.values(value)) collect(entry, found);
}
