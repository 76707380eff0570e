/** Intrinsic functions of the states language, `States.Format('{}', $.a)`: read, checked, and evaluated. */
import { StatesError } from './errors.ts';
import { functions } from './intrinsicFunctions.ts';
import type { Json } from './json.ts';
import { find, type Path, parsePath } from './paths.ts';

export type Expression =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'call'; readonly text: string; readonly name: string; readonly args: readonly Expression[] };

/** An expression that is no intrinsic function, or one with a wrong number of arguments. */
export class IntrinsicSyntaxError extends Error {
  override readonly name = 'IntrinsicSyntaxError';
}

export const isIntrinsic = (text: string): boolean => text.startsWith('States.');
const parsed = new Map<string, Expression>();

/** Throws IntrinsicSyntaxError or PathSyntaxError. */
export function parseIntrinsic(text: string): Expression {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const [expression, end] = parseCall(text, 0);
  if (text.slice(end).trim() !== '') throw new IntrinsicSyntaxError(`unexpected '${text.slice(end)}' in '${text}'`);
  parsed.set(text, expression);
  return expression;
}

function parseCall(text: string, start: number): [Expression, number] {
  const head = /^States\.(\w+)\s*\(/.exec(text.slice(start));
  if (head?.[1] === undefined) throw new IntrinsicSyntaxError(`'${text}' is not an intrinsic function call`);
  const known = functions[head[1]];
  if (known === undefined) throw new IntrinsicSyntaxError(`the intrinsic function States.${head[1]} is not supported`);
  const args: Expression[] = [];
  let at = skipSpace(text, start + head[0].length);
  while (text[at] !== ')') {
    const [argument, end] = parseArgument(text, at);
    args.push(argument);
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
    else if (text[at] !== ')') throw new IntrinsicSyntaxError(`expected ',' or ')' at position ${at} of '${text}'`);
  }
  if (args.length < known.least || args.length > known.most) {
    throw new IntrinsicSyntaxError(`States.${head[1]} does not take ${args.length} arguments, in '${text}'`);
  }
  return [{ kind: 'call', text: text.slice(start, at + 1), name: head[1], args }, at + 1];
}

function parseArgument(text: string, start: number): [Expression, number] {
  const rest = text.slice(start);
  if (rest.startsWith('States.')) return parseCall(text, start);
  const quoted = /^'((?:[^'\\]|\\.)*)'/s.exec(rest);
  // A backslash stays before a brace: States.Format reads it as the brace itself.
  if (quoted) {
    const value = (quoted[1] ?? '').replace(/\\([^{}])/gs, '$1');
    return [{ kind: 'literal', value }, start + quoted[0].length];
  }
  if (rest.startsWith('$')) {
    const length = pathLength(rest);
    return [{ kind: 'path', path: parsePath(rest.slice(0, length).trimEnd()) }, start + length];
  }
  const word = /^(?:null|true|false|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?=[\s,)])/.exec(rest);
  if (!word) throw new IntrinsicSyntaxError(`cannot read an argument from '${rest}' in '${text}'`);
  return [{ kind: 'literal', value: JSON.parse(word[0]) as Json }, start + word[0].length];
}

/** Up to the comma or parenthesis outside brackets that ends a path argument. */
function pathLength(rest: string): number {
  let inBrackets = false;
  for (let at = 0; at < rest.length; at++) {
    const character = rest[at];
    if (character === '[') inBrackets = true;
    else if (character === ']') inBrackets = false;
    else if (!inBrackets && (character === ',' || character === ')')) return at;
  }
  return rest.length;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (/\s/.test(text[at] ?? '')) at++;
  if (at >= text.length) throw new IntrinsicSyntaxError(`'${text}' ends before its last ')'`);
  return at;
}

/** Throws StatesError States.IntrinsicFailure. */
export function evaluateIntrinsic(expression: Expression, input: Json, context: Json): Json {
  if (expression.kind === 'literal') return expression.value;
  if (expression.kind === 'path') {
    const value = find(expression.path, input, context);
    if (value !== undefined) return value;
    throw new StatesError(
      'States.Runtime',
      `The JSONPath '${expression.path.text}' could not be found in the input '${JSON.stringify(input)}'`,
    );
  }
  const args = expression.args.map((argument) => evaluateIntrinsic(argument, input, context));
  try {
    const result = functions[expression.name]?.apply(args);
    if (result !== undefined) return result;
    throw new Error('it has no result');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StatesError('States.IntrinsicFailure', `The function '${expression.text}' failed: ${reason}`);
  }
}
