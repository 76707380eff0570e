/** The way from one layout of two regions to another: what may never be on it. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quorum } from '#etcd/membership.ts';
import {
  type Layout,
  layoutRefusal,
  lossWords,
  moved,
  movesBetween,
  toleranceOf,
} from '../../../tasks/plan/regionLayout.ts';

const layout = (home: number, remote: number): Layout => ({ home, remote });
const all = [1, 2, 3, 4, 5, 6, 7].flatMap((home) => [0, 1, 2, 3].map((remote) => layout(home, remote)));
const allowed = all.filter((one) => layoutRefusal(one) === null);
const through = (from: Layout, to: Layout): Layout[] => {
  const way = [from];
  for (const move of movesBetween(from, to)) way.push(moved(way.at(-1) ?? from, move));
  return way;
};
const text = (way: readonly Layout[]) => way.map(({ home, remote }) => `${home}+${remote}`).join(' ');

describe('the way', () => {
  test.each([
    [layout(5, 0), layout(4, 1), '5+0 5+1 4+1'],
    [layout(5, 0), layout(3, 2), '5+0 5+1 4+1 4+2 3+2'],
    [layout(3, 0), layout(3, 2), '3+0 3+1 3+2'],
    [layout(4, 1), layout(5, 0), '4+1 5+1 5+0'],
    [layout(3, 2), layout(3, 0), '3+2 3+1 3+0'],
    [layout(4, 1), layout(4, 1), '4+1'],
  ])('from %j to %j', (from, to, way) => expect(text(through(from, to))).toBe(way));

  test('never tolerates fewer failures than beginning or end, and home always has the quorum', () => {
    fc.assert(
      fc.property(fc.constantFrom(...allowed), fc.constantFrom(...allowed), (from, to) => {
        const way = through(from, to);
        expect(way.at(-1)).toEqual(to);
        const least = Math.min(toleranceOf(from), toleranceOf(to));
        for (const at of way) {
          expect(toleranceOf(at)).toBeGreaterThanOrEqual(least);
          expect(at.home).toBeGreaterThanOrEqual(quorum(at.home + at.remote));
          expect(at.home + at.remote).toBeLessThanOrEqual(Math.max(from.home + from.remote, to.home + to.remote) + 1);
        }
      }),
    );
  });
});

describe('a layout', () => {
  test.each([
    [layout(3, 3), /3 are|4 are a quorum/],
    [layout(2, 3), /home would have 2/],
    [layout(1, 1), /2 are a quorum/],
    [layout(5, 3), /8 members/],
  ])('%j is refused', (one, why) => expect(layoutRefusal(one)).toMatch(why));

  test.each([layout(4, 1), layout(3, 2), layout(2, 1), layout(4, 3), layout(1, 0)])('%j is allowed', (one) => {
    expect(layoutRefusal(one)).toBeNull();
  });

  test('says what the loss of a region means', () => {
    expect(lossWords(layout(4, 1), 'eu-central-1', 'eu-west-1')).toEqual([
      'if eu-west-1 is lost, 4 of 5 members are left, 3 are a quorum: writes go on',
      expect.stringContaining('if eu-central-1 is lost, 1 of 5 members are left: writes stop until'),
    ]);
    expect(lossWords(layout(3, 0), 'eu-central-1', 'eu-west-1')).toHaveLength(1);
  });
});
