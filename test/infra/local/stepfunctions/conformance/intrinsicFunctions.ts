/** Each intrinsic function. */
import { only } from '../fixture.ts';
import { type Case, pass } from './case.ts';

const functions: Readonly<Record<string, string>> = {
  format: "States.Format('{} and {}: {}', $.name, $.n, $.object)",
  stringToJson: 'States.StringToJson($.json)',
  jsonToString: 'States.JsonToString($.object)',
  array: 'States.Array($.n, $.name, null, true)',
  partition: 'States.ArrayPartition($.list, 4)',
  contains: 'States.ArrayContains($.list, 5)',
  range: 'States.ArrayRange(1, 9, 2)',
  item: 'States.ArrayGetItem($.list, 4)',
  length: 'States.ArrayLength($.list)',
  unique: 'States.ArrayUnique($.list)',
  encode: 'States.Base64Encode($.name)',
  decode: "States.Base64Decode('QWRh')",
  hash: "States.Hash($.name, 'SHA-256')",
  merge: 'States.JsonMerge($.object, $.other, false)',
  add: 'States.MathAdd($.n, -1)',
  random: 'States.ArrayContains(States.ArrayRange(3, 9, 1), States.MathRandom(3, 9))',
  split: "States.StringSplit('1,2,3', ',')",
  uuid: "States.ArrayLength(States.StringSplit(States.UUID(), '-'))",
  nested: "States.ArrayGetItem(States.StringSplit(States.Format('{}-{}', $.name, $.n), '-'), 1)",
};
const functionInput = {
  name: 'Ada',
  n: 5,
  json: '{"a":[1]}',
  object: { a: 1 },
  other: { b: 2 },
  list: [1, 2, 3, 4, 5, 2],
};

export const intrinsicFunctions: readonly Case[] = [
  ...Object.entries(functions).map(([name, text]) => ({
    name: `intrinsic ${name}`,
    definition: only(pass({ Parameters: { 'result.$': text } })),
    input: functionInput,
  })),
  {
    name: 'an intrinsic that fails',
    definition: only(pass({ Parameters: { 'a.$': 'States.StringToJson($.name)' } })),
    input: functionInput,
  },
];
