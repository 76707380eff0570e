/**
 * JSONPath as Amazon States Language uses it: `$`, `$.a.b`, `$['a']`, `$[0]`, `$[-1]`, `$[*]`, `$.*`, `$[1:3]`, and the
 * same on the context object after `$$`. Not here: `..`, filters, unions, functions; they are refused by name.
 */
import { isObject, type Json } from './json.ts';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined };

export interface Path {
  readonly text: string;
  readonly root: 'input' | 'context';
  readonly steps: readonly Step[];
  /** One value at most: no wildcard and no slice. */
  readonly definite: boolean;
}

/** A path that this interpreter does not read. */
export class PathSyntaxError extends Error {
  override readonly name = 'PathSyntaxError';
}

const fieldStep = /^\.([^\s.[\]()'"*?,:$@]+)/u;
const quotedStep = /^\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/u;
const indexStep = /^\[\s*(-?\d+)\s*\]/u;
const sliceStep = /^\[\s*(-?\d*)\s*:\s*(-?\d*)\s*\]/u;
const wildcardStep = /^(?:\.\*|\[\s*\*\s*\])/u;
const parsed = new Map<string, Path>();

/** Throws PathSyntaxError that says what is refused. */
export function parsePath(text: string): Path {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  if (!text.startsWith('$')) throw new PathSyntaxError(`'${text}' is not a JSONPath: it must start with '$'`);
  const context = text.startsWith('$$');
  const steps: Step[] = [];
  let rest = text.slice(context ? 2 : 1);
  while (rest !== '') {
    const [step, length] = nextStep(rest, text);
    steps.push(step);
    rest = rest.slice(length);
  }
  const definite = steps.every((step) => step.kind === 'field' || step.kind === 'index');
  const path: Path = { text, root: context ? 'context' : 'input', steps, definite };
  parsed.set(text, path);
  return path;
}

function nextStep(rest: string, text: string): [Step, number] {
  if (rest.startsWith('..')) throw new PathSyntaxError(`'..' (recursive descent) is not supported in '${text}'`);
  if (/^\[\s*\?/.test(rest)) throw new PathSyntaxError(`'[?()]' (filter) is not supported in '${text}'`);
  if (/^\.[^\s.[]+\(/.test(rest)) throw new PathSyntaxError(`JSONPath functions are not supported in '${text}'`);
  let match = wildcardStep.exec(rest);
  if (match) return [{ kind: 'wildcard' }, match[0].length];
  match = fieldStep.exec(rest);
  if (match?.[1] !== undefined) return [{ kind: 'field', name: match[1] }, match[0].length];
  match = quotedStep.exec(rest);
  if (match) {
    const quoted = match[1] ?? match[2] ?? '';
    return [{ kind: 'field', name: quoted.replace(/\\(.)/gu, '$1') }, match[0].length];
  }
  match = indexStep.exec(rest);
  if (match) return [{ kind: 'index', index: Number(match[1]) }, match[0].length];
  match = sliceStep.exec(rest);
  if (match) return [{ kind: 'slice', from: bound(match[1]), to: bound(match[2]) }, match[0].length];
  if (/^\[[^\]]*,/.test(rest)) throw new PathSyntaxError(`'[a,b]' (union) is not supported in '${text}'`);
  throw new PathSyntaxError(`'${text}' is not a valid JSONPath: cannot read it from '${rest}' on`);
}

const bound = (text: string | undefined): number | undefined =>
  text === undefined || text === '' ? undefined : Number(text);

/** All the values a path leads to. */
export function findAll(path: Path, value: Json): Json[] {
  let found: Json[] = [value];
  for (const step of path.steps) found = found.flatMap((at) => follow(step, at));
  return found;
}

function follow(step: Step, value: Json): Json[] {
  if (step.kind === 'field') {
    const next = isObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
    return next === undefined ? [] : [next];
  }
  if (step.kind === 'wildcard') return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  if (!Array.isArray(value)) return [];
  if (step.kind === 'slice') return value.slice(step.from, step.to);
  const item = value.at(step.index);
  return item === undefined ? [] : [item];
}

/** The value at a path: an array of matches for an indefinite one, `undefined` where a definite one leads nowhere. */
export function find(path: Path, input: Json, context: Json): Json | undefined {
  const found = findAll(path, path.root === 'context' ? context : input);
  return path.definite ? found[0] : found;
}

/**
 * `input` with `value` put at a reference path (ResultPath), making objects on the way. Returns undefined when the
 * path cannot be applied: a name below something that is no object, an index beyond an array.
 */
export function replaceAt(input: Json, path: Path, value: Json): Json | undefined {
  return replaceFrom(input, path.steps, value);
}

function replaceFrom(input: Json | undefined, steps: readonly Step[], value: Json): Json | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (step.kind === 'field') {
    if (input !== undefined && !isObject(input)) return undefined;
    const below = replaceFrom(input && Object.hasOwn(input, step.name) ? input[step.name] : undefined, rest, value);
    return below === undefined ? undefined : { ...input, [step.name]: below };
  }
  if (step.kind !== 'index' || !Array.isArray(input) || step.index < 0 || step.index >= input.length) return undefined;
  const below = replaceFrom(input[step.index], rest, value);
  return below === undefined ? undefined : input.with(step.index, below);
}
