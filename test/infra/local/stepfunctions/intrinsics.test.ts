import { describe, expect, test } from '@jest/globals';
import { evaluateIntrinsic, parseIntrinsic } from '../../../../infra/local/stepfunctions/intrinsics.ts';

const input = {
  name: 'Ada',
  list: [1, 2, 3, 4, 5, 2],
  text: '{"a":1}',
  'a,b)': 7,
  left: { a: 1, b: 1 },
  right: { b: 2 },
};
const evaluate = (text: string) => evaluateIntrinsic(parseIntrinsic(text), input, { State: { Name: 'S' } });

describe('intrinsic functions', () => {
  test.each([
    ["States.Format('Hello, {}: {} {}', $.name, $.left, 3)", 'Hello, Ada: {a=1, b=1} 3'],
    [String.raw`States.Format('\{\} {} it\'s', null)`, "{} null it's"],
    ["States.Format('in {}', $$.State.Name)", 'in S'],
    ["States.Format('{}', $['a,b)'])", '7'],
    ['States.StringToJson($.text)', { a: 1 }],
    ['States.JsonToString($.left)', '{"a":1,"b":1}'],
    ['States.Array(1, $.name, null, true)', [1, 'Ada', null, true]],
    ['States.Array()', []],
    [
      'States.ArrayPartition($.list, 4)',
      [
        [1, 2, 3, 4],
        [5, 2],
      ],
    ],
    ['States.ArrayContains($.list, 5)', true],
    ["States.ArrayContains($.list, '5')", false],
    ['States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]],
    ['States.ArrayRange(3, 1, -1)', [3, 2, 1]],
    ['States.ArrayGetItem($.list, 4)', 5],
    ['States.ArrayLength($.list)', 6],
    ['States.ArrayUnique($.list)', [1, 2, 3, 4, 5]],
    ["States.Base64Encode('data é')", 'ZGF0YSDDqQ=='],
    ["States.Base64Decode('ZGF0YSDDqQ==')", 'data é'],
    ["States.Hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ['States.JsonMerge($.left, $.right, false)', { a: 1, b: 2 }],
    ['States.MathAdd(111, -1)', 110],
    ["States.StringSplit('1,2+3,,4', ',+')", ['1', '2', '3', '4']],
    ["States.ArrayLength(States.StringSplit(States.Format('{}-{}', $.name, 2), '-'))", 2],
  ])('%s', (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });

  test('random ones stay within their bounds', () => {
    expect(evaluate('States.MathRandom(1, 2)')).toBe(1);
    expect(evaluate('States.UUID()')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test.each([
    ["States.Format('{} {}', 1)", 'more {} than values'],
    ["States.Format('{}', 1, 2)", 'more values than {}'],
    ['States.StringToJson($.name)', 'failed'],
    ['States.ArrayGetItem($.list, 6)', 'no item 6'],
    ['States.ArrayRange(1, 5000, 1)', 'at most 1000'],
    ['States.JsonMerge($.left, $.right, true)', 'shallow'],
    ["States.Hash('a', 'CRC')", "'CRC' is none of"],
    ["States.MathAdd('1', 2)", 'an integer is needed'],
  ])('%s fails', (text, reason) => {
    expect(() => evaluate(text)).toThrow(/^States\.IntrinsicFailure/);
    expect(() => evaluate(text)).toThrow(reason);
  });

  test.each([
    ['States.Nothing(1)', 'States.Nothing is not supported'],
    ['States.UUID(1)', 'does not take 1 arguments'],
    ['States.MathAdd(1)', 'does not take 1 arguments'],
    ["States.Format('a'", "ends before its last ')'"],
    ["States.Format('a') b", "unexpected ' b'"],
    ['States.Array($..a)', 'recursive descent'],
    ['States.Array(x)', 'cannot read an argument'],
  ])('%s is refused', (text, reason) => {
    expect(() => parseIntrinsic(text)).toThrow(reason);
  });
});
