import { describe, expect, test } from '@jest/globals';
import { find, PathSyntaxError, parsePath, replaceAt } from '../../../../infra/local/stepfunctions/paths.ts';

const input = { a: { b: [1, { c: 2 }, 3], 'd e': 4, 'é-1': 5 }, n: null, list: [{ x: 1 }, { x: 2 }, {}] };
const context = { Execution: { Name: 'first' } };

describe('paths', () => {
  test.each([
    ['$', input],
    ['$.a.b[0]', 1],
    ['$.a.b[-1]', 3],
    ['$.a.b[1].c', 2],
    ["$['a']['d e']", 4],
    ['$["a"].é-1', 5],
    ['$.n', null],
    ['$.a.b[1:]', [{ c: 2 }, 3]],
    ['$.a.b[0:1]', [1]],
    ['$.list[*].x', [1, 2]],
    ['$.list[*].y', []],
    ['$.a.missing', undefined],
    ['$.n.x', undefined],
    ['$.a.constructor', undefined],
    ['$$.Execution.Name', 'first'],
    ['$$', context],
  ])('%s', (text, expected) => {
    expect(find(parsePath(text), input, context)).toEqual(expected);
  });

  test.each([
    ['a.b', "must start with '$'"],
    ['$..a', 'recursive descent'],
    ['$.a[?(@.b)]', 'filter'],
    ['$.a[0,1]', 'union'],
    ['$.a.length()', 'functions'],
    ['$.a b', 'not a valid JSONPath'],
    ['$.', 'not a valid JSONPath'],
    ['$.a[', 'not a valid JSONPath'],
    ['$a', 'not a valid JSONPath'],
  ])('%s is refused', (text, reason) => {
    expect(() => parsePath(text)).toThrow(PathSyntaxError);
    expect(() => parsePath(text)).toThrow(reason);
  });

  test.each([
    ['$.z', { a: 1 }, { a: 1, z: 9 }],
    ['$.y.z', {}, { y: { z: 9 } }],
    ['$.a[1]', { a: [0, 0] }, { a: [0, 9] }],
    ['$', { a: 1 }, 9],
    ['$.a[2]', { a: [0, 0] }, undefined],
    ['$.a.b', { a: 'text' }, undefined],
    ['$.a', [1], undefined],
    ['$.__proto__', {}, JSON.parse('{"__proto__":9}')],
  ])('a value put at %s of %j', (path, value, expected) => {
    expect(replaceAt(value, parsePath(path), 9)).toEqual(expected);
  });
});
