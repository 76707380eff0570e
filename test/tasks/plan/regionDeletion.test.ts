/** Whether a region may go. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DeletionFacts, regionRefusal } from '../../../tasks/plan/regionDeletion.ts';

function facts(home: number, other: number, more: Partial<DeletionFacts> = {}): DeletionFacts {
  const of = (region: string, count: number) => ({ region, inService: count, desiredCapacity: count });
  return {
    region: 'other',
    regions: [of('home', home), of('other', other)],
    begun: true,
    holder: null,
    changesRegions: false,
    ...more,
  };
}

describe('a region', () => {
  test.each<[string, DeletionFacts]>([
    ['the rest is a quorum: 3 + 2', facts(3, 2)],
    ['the rest is a quorum: 4 + 1', facts(4, 1)],
    ['it has nobody', facts(3, 0)],
    ['it has nobody, and an operation runs', facts(3, 0, { holder: 'somebody' })],
    ['there is no cluster yet', facts(1, 6, { begun: false })],
    ['its group is gone', facts(3, 2, { regions: [{ region: 'home', inService: 3, desiredCapacity: 3 }] })],
  ])('may go where %s', (_why, given) => expect(regionRefusal(given)).toBeNull());

  test.each<[string, DeletionFacts, string]>([
    ['the rest is no quorum', facts(2, 3), 'other has 3 of 5 members, and the 2 elsewhere are no quorum, which is 3'],
    ['the rest is no quorum, and says what to do', facts(2, 3), 'MultiregionMigration and {"leaveRegion": "other", '],
    ['it has half of the members', facts(2, 2), 'are no quorum, which is 3'],
    [
      'one at home is missing',
      facts(3, 2, {
        regions: [
          { region: 'home', inService: 2, desiredCapacity: 3 },
          { region: 'other', inService: 2, desiredCapacity: 2 },
        ],
      }),
      'other has 2 of 5 members, and the 2 elsewhere are no quorum, which is 3',
    ],
    [
      'an operation runs',
      facts(3, 2, { holder: 'arn:upgrade' }),
      'an operation holds the lock of the cluster: arn:upgrade',
    ],
    [
      'members are moved there, and nobody has come yet',
      facts(3, 0, { holder: 'arn:migration', changesRegions: true }),
      'an operation holds the lock of the cluster: arn:migration',
    ],
    ['home is gone', facts(0, 3), 'the 0 elsewhere are no quorum'],
  ])('may not where %s', (_why, given, message) => expect(regionRefusal(given)).toContain(message));

  test('leaves a quorum of all who were there, whenever it goes', () => {
    const count = fc.integer({ min: 0, max: 7 });
    fc.assert(
      fc.property(count, count, (home, other) => {
        if (other > 0 && regionRefusal(facts(home, other)) === null) expect(home * 2).toBeGreaterThan(home + other);
      }),
    );
  });
});
