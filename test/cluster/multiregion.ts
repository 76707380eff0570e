/** What a cluster in two regions looks like once its members are where they are to be. */
import { expect } from '@jest/globals';
import { eventually, type TestCluster } from './cluster.ts';
import { membersByRegion } from './regionMembers.ts';
import { lockOf } from './rotation.ts';

/** One cluster, so many healthy members in each region, and nobody holds the lock. */
export async function expectPlaced(cluster: TestCluster, layout: readonly [number, number]): Promise<void> {
  const placed = await eventually(
    `${layout.join(' + ')} healthy members`,
    async () => {
      const regions = await membersByRegion(cluster);
      return regions.every((members, index) => members.length === layout[index]) ? regions : null;
    },
    60_000,
  );
  const all = placed.flat();
  expect(new Set(all.map(({ member }) => member?.clusterId)).size).toBe(1);
  for (const { member } of all) expect(member?.members).toHaveLength(all.length);
  expect((await lockOf(cluster))?.holder).toBeUndefined();
}
