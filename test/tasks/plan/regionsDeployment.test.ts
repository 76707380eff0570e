/** Whether a deployment may leave a region out. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { droppedRegions, type RegionInUse, regionsRefusal } from '../../../tasks/plan/regionsDeployment.ts';

const [west, central, north] = ['eu-west-1', 'eu-central-1', 'eu-north-1'] as const;
const named = (...regions: string[]) => regions.map((region) => ({ region, members: 3 }));

describe('a region is left out', () => {
  test.each<[string, Parameters<typeof droppedRegions>, string[]]>([
    ['not by a first deployment', [undefined, [west]], []],
    ['not by the same one again', [named(west, central), [west, central]], []],
    ['not by one that adds another', [named(west), [west, central]], []],
    ['by one without regions', [named(west, central), [west]], [central]],
    ['by one that names another second region', [named(west, central), [west, north]], [central]],
  ])('%s', (_what, [before, now], dropped) => expect(droppedRegions(before, now)).toEqual(dropped));

  test('where it was there before and is not any more, and in no other case', () => {
    const some = fc.subarray([west, central, north]);
    fc.assert(
      fc.property(some, some, (before, now) => {
        for (const region of [west, central, north])
          expect(droppedRegions(named(...before), now).includes(region)).toBe(
            before.includes(region) && !now.includes(region),
          );
      }),
    );
  });
});

describe('a deployment that leaves regions out', () => {
  const count = fc.nat({ max: 3 });
  const group = fc.record({ region: fc.constantFrom(central, north), instances: count, desiredCapacity: count });

  test('is refused exactly while one of them has an instance or wants one, and the refusal names it', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 2 }), (groups) => {
        const used = groups.filter(({ instances, desiredCapacity }) => instances + desiredCapacity > 0);
        const refusal = regionsRefusal('etcd', [west], groups);
        if (used.length === 0) expect(refusal).toBeNull();
        else
          expect(refusal).toContain(`${used[0]?.region}, where it was deployed, has ${used[0]?.instances} instances`);
      }),
    );
  });

  test.each<[string, RegionInUse]>([
    ['an instance that leaves', { region: central, instances: 1, desiredCapacity: 0 }],
    ['one that has not come yet', { region: central, instances: 0, desiredCapacity: 1 }],
  ])('is refused for %s, and says what to do', (_what, inUse) => {
    expect(regionsRefusal('audit', [west], [inUse])).toMatch(
      /leave the cluster in eu-west-1, and eu-central-1.*{"leaveRegion": "eu-central-1".*etcd-audit-eu-central-1 and etcd-audit-peering.*region-needed/,
    );
  });

  test('is told all of it in the thousand characters that CloudFormation is given', () => {
    const inUse = { region: 'ap-southeast-1', instances: 7, desiredCapacity: 7 };
    expect(regionsRefusal('a'.repeat(28), ['ap-northeast-1', 'ap-southeast-2'], [inUse])?.length).toBeLessThan(900);
  });
});
