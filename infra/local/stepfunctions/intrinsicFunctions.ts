/** The intrinsic functions themselves, by name without `States.`. What they refuse they throw as an Error with the reason. */
import { createHash, randomInt, randomUUID } from 'node:crypto';
import { isObject, type Json, type JsonObject, sameJson } from './json.ts';

interface IntrinsicFunction {
  readonly least: number;
  readonly most: number;
  readonly apply: (args: readonly Json[]) => Json;
}

const hashes: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** Longest text for Base64Encode, Base64Decode and Hash, and the most items ArrayRange makes (AWS's documented limits). */
const maxText = 10_000;
const maxRange = 1000;

const entry = (least: number, most: number, apply: IntrinsicFunction['apply']): IntrinsicFunction => ({
  least,
  most,
  apply,
});

export const functions: Readonly<Record<string, IntrinsicFunction>> = {
  Format: entry(1, Number.POSITIVE_INFINITY, ([template, ...values]) => format(text(template), values)),
  StringToJson: entry(1, 1, ([value]) => JSON.parse(text(value)) as Json),
  JsonToString: entry(1, 1, ([value]) => JSON.stringify(value ?? null)),
  Array: entry(0, Number.POSITIVE_INFINITY, (values) => [...values]),
  ArrayPartition: entry(2, 2, ([value, size]) => partition(array(value), positive(size))),
  ArrayContains: entry(2, 2, ([value, item]) => array(value).some((each) => sameJson(each, item))),
  ArrayRange: entry(3, 3, ([first, last, step]) => range(integer(first), integer(last), integer(step))),
  ArrayGetItem: entry(2, 2, ([value, index]) => itemAt(array(value), integer(index))),
  ArrayLength: entry(1, 1, ([value]) => array(value).length),
  ArrayUnique: entry(1, 1, ([value]) => unique(array(value))),
  Base64Encode: entry(1, 1, ([value]) => Buffer.from(short(value)).toString('base64')),
  Base64Decode: entry(1, 1, ([value]) => Buffer.from(short(value), 'base64').toString('utf8')),
  Hash: entry(2, 2, ([value, algorithm]) => hash(value, text(algorithm))),
  JsonMerge: entry(3, 3, ([left, right, deep]) => merge(left, right, deep)),
  MathRandom: entry(2, 3, ([from, to]) => random(integer(from), integer(to))),
  MathAdd: entry(2, 2, ([left, right]) => integer(left) + integer(right)),
  StringSplit: entry(2, 2, ([value, separators]) => split(text(value), text(separators))),
  UUID: entry(0, 0, () => randomUUID()),
};

function text(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  throw new Error(`a string is needed, not ${JSON.stringify(value)}`);
}

function short(value: Json | undefined): string {
  const result = text(value);
  if (result.length > maxText) throw new Error(`at most ${maxText} characters are allowed`);
  return result;
}

function array(value: Json | undefined): Json[] {
  if (Array.isArray(value)) return value;
  throw new Error(`an array is needed, not ${JSON.stringify(value)}`);
}

/** Step Functions rounds what is no integer. */
function integer(value: Json | undefined): number {
  if (typeof value === 'number') return Math.round(value);
  throw new Error(`an integer is needed, not ${JSON.stringify(value)}`);
}

function positive(value: Json | undefined): number {
  const result = integer(value);
  if (result >= 1) return result;
  throw new Error(`a positive integer is needed, not ${result}`);
}

/** `{}` takes the next value; `\{`, `\}` and `\\` stand for themselves. */
function format(template: string, values: readonly Json[]): string {
  let next = 0;
  const result = template.replace(/\\([{}])|\{\}/g, (_, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    const value = values[next++];
    if (value === undefined) throw new Error('there are more {} than values');
    return shown(value);
  });
  if (next < values.length) throw new Error('there are more values than {}');
  return result;
}

/** As Java prints a value: that is what AWS does. */
function shown(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (!isObject(value)) return String(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${name}=${shown(each)}`)
    .join(', ')}}`;
}

function partition(items: readonly Json[], size: number): Json[] {
  const chunks: Json[] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}

function range(first: number, last: number, step: number): Json[] {
  if (step === 0) throw new Error('the step must not be 0');
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > maxRange) throw new Error(`at most ${maxRange} items are allowed`);
  return Array.from({ length }, (_, index) => first + index * step);
}

function itemAt(items: readonly Json[], index: number): Json {
  const item = index < 0 ? undefined : items[index];
  if (item === undefined) throw new Error(`there is no item ${index} among ${items.length}`);
  return item;
}

const unique = (items: readonly Json[]): Json[] =>
  items.filter((item, index) => items.findIndex((other) => sameJson(other, item)) === index);

function hash(value: Json | undefined, algorithm: string): string {
  const name = hashes[algorithm];
  if (name === undefined) throw new Error(`'${algorithm}' is none of ${Object.keys(hashes).join(', ')}`);
  const data = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  if (data.length > maxText) throw new Error(`at most ${maxText} characters are allowed`);
  return createHash(name).update(data).digest('hex');
}

function merge(left: Json | undefined, right: Json | undefined, deep: Json | undefined): JsonObject {
  if (deep !== false) throw new Error('only shallow merging is supported: the third argument must be false');
  if (!isObject(left) || !isObject(right)) throw new Error('two objects are needed');
  return { ...left, ...right };
}

/** From `from` up to, but without, `to`. */
function random(from: number, to: number): number {
  if (from >= to) throw new Error(`the start ${from} must be less than the end ${to}`);
  return randomInt(from, to);
}

/** Each character of `separators` separates; nothing empty comes out. */
const split = (value: string, separators: string): string[] => {
  const parts: string[] = [];
  let part = '';
  for (const character of value) {
    if (!separators.includes(character)) part += character;
    else if (part !== '') {
      parts.push(part);
      part = '';
    }
  }
  if (part !== '') parts.push(part);
  return parts;
};
