/** The checker itself: known histories, tiny ones against every order there is, large ones that have an order by construction. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seeded } from '../simulation/random.ts';
import { conflictInWords, conflicts } from './check.ts';
import { generated, isOrderableByTrial, type Shape, tinyHistory } from './generated.ts';
import type { History, Operation, Outcome } from './history.ts';

const put = (value: string, calledAt: number, endedAt: number, outcome: Outcome = 'ok', key = 'k'): Operation => ({
  key,
  kind: 'put',
  value,
  outcome,
  calledAt,
  endedAt,
});
const get = (value: string | null, calledAt: number, endedAt: number, key = 'k'): Operation => ({
  ...put('', calledAt, endedAt, 'ok', key),
  kind: 'get',
  value,
});
const found = (history: History) => conflicts(history).map(({ operations }) => operations);

describe('a history', () => {
  test.each<[string, History]>([
    ['without operations', []],
    ['of one after the other', [get(null, 0, 1), put('a', 2, 3), get('a', 4, 5), put('b', 6, 7), get('b', 8, 9)]],
    ['with a get during a put that sees it', [put('a', 0, 9), get('a', 1, 2)]],
    ['with a get during a put that does not see it', [put('a', 0, 9), get(null, 1, 2), get('a', 3, 4)]],
    [
      'of puts at once, in the order that the gets saw',
      [put('a', 0, 9), put('b', 1, 8), get('b', 2, 3), get('a', 4, 5)],
    ],
    ['with an unknown put that never happened', [put('a', 0, 1), put('b', 2, 3, 'unknown'), get('a', 4, 5)]],
    [
      'with an unknown put that surfaces later',
      [put('a', 0, 1), put('b', 2, 3, 'unknown'), get('a', 4, 5), put('c', 6, 7), get('c', 8, 9), get('b', 10, 11)],
    ],
    ['with a failed put', [put('a', 0, 1), put('b', 2, 3, 'failed'), get('a', 4, 5)]],
    ['of two keys that know nothing of each other', [put('a', 0, 1), get(null, 2, 3, 'other'), get('a', 4, 5)]],
    ['where one ends in the moment in which the other is called', [put('a', 0, 1), get(null, 1, 2)]],
  ])('%s has an order', (_what, history) => expect(found(history)).toEqual([]));

  test.each<[string, History]>([
    ['a stale read', [put('a', 0, 1), put('b', 2, 3), get('a', 4, 5)]],
    ['a lost write', [put('a', 0, 1), get(null, 2, 3)]],
    ['a value that nobody put', [get('a', 0, 1)]],
    ['a value from the future', [get('a', 0, 1), put('a', 2, 3)]],
    ['a put that failed and is read', [put('a', 0, 1, 'failed'), get('a', 2, 3)]],
    ['a read that goes back', [put('a', 0, 9), get('a', 1, 2), get(null, 3, 4)]],
    ['puts that came in two orders', [put('a', 0, 9), put('b', 0, 9), get('a', 1, 2), get('b', 3, 4), get('a', 5, 6)]],
    [
      'an unknown put that surfaces, goes and surfaces again',
      [put('u', 0, 1, 'unknown'), get('u', 2, 3), put('c', 4, 5), get('c', 6, 7), get('u', 8, 9)],
    ],
    ['an unknown put that is read before it was called', [get('u', 0, 1), put('u', 2, 3, 'unknown')]],
  ])('with %s has none; what contradicts is told, and nothing else', (_what, contradiction) => {
    const later = [put('later', 20, 21), get('later', 22, 23), get(null, 0, 9, 'other')];
    const [told = [], ...others] = found([...contradiction, ...later]);
    expect(others).toEqual([]);
    expect(told.length).toBeGreaterThan(0);
    expect(contradiction).toEqual(expect.arrayContaining([...told]));
  });

  test('with a contradiction says which key and which operations', () => {
    const history = [put('a', 0, 1), put('b', 2, 3), get('b', 3.5, 3.7), { ...get('a', 4, 5), through: '127.0.0.10' }];
    const told = [
      'put a, ok from 0.0 to 1.0 ms',
      'put b, ok from 2.0 to 3.0 ms',
      'get a, ok from 4.0 to 5.0 ms through 127.0.0.10',
    ];
    expect(conflicts(history).map(conflictInWords)).toEqual([`k: no order of: ${told.join('; ')}`]);
  });

  test('of a few operations has an order exactly where one is found by trying all', () => {
    fc.assert(
      fc.property(tinyHistory, (history) => {
        const expected = isOrderableByTrial(history);
        const [conflict] = conflicts(history);
        expect(conflict === undefined).toBe(expected);
        if (conflict !== undefined) expect(isOrderableByTrial(conflict.operations)).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('a long history', () => {
  const shapes: readonly (readonly [string, Shape])[] = [
    ['many keys', { operations: 6_000, keys: 300, everyMs: 10, longestMs: 200 }],
    ['one key', { operations: 3_000, keys: 1, everyMs: 10, longestMs: 50 }],
    ['all at once', { operations: 2_000, keys: 100, everyMs: 1, longestMs: 3_000 }],
  ];

  test.each(shapes)('of registers that work has an order: %s', (_what, shape) => {
    for (let seed = 1; seed <= 5; seed++) expect(conflicts(generated(seeded(seed), shape))).toEqual([]);
  });

  test.each(shapes)(
    'in which one get is of a value that was long gone has none, and the get is told: %s',
    (_what, shape) => {
      const history = generated(seeded(7), { ...shape, longestMs: 20 });
      const gets = history.filter(({ kind, calledAt }) => kind === 'get' && calledAt > shape.everyMs * shape.keys * 12);
      const [victim] = gets;
      const gone = history.find(({ key, kind, outcome }) => key === victim?.key && kind === 'put' && outcome === 'ok');
      const changed = history.map((operation) =>
        operation === victim ? { ...operation, value: gone?.value ?? null } : operation,
      );
      const [conflict, ...others] = conflicts(changed);
      expect(others).toEqual([]);
      expect(conflict?.operations).toContainEqual({ ...victim, value: gone?.value });
      expect(conflict?.operations.length).toBeLessThan(8);
    },
  );
});
