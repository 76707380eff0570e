import { environment } from '../aws/environment.ts';
import { findGroup } from '../aws/group.ts';
import { readBootstrap, readLock } from '../aws/record.ts';
import { regions } from '../aws/regions.ts';
import { stayingInstances } from '../plan/group.ts';
import { type RegionStrength, regionRefusal } from '../plan/regionDeletion.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/**
 * Custom resource of the region that is not home, deleted before anything else of its stack: refuses while the members of the other
 * region would be no quorum without those of this one, and while an operation runs. A region that does not answer is no reason to let it go.
 */
export function handler(event: CustomResourceEvent): Promise<void> {
  const { Region = '' } = event.ResourceProperties;
  return respondWith(event, async () => {
    if (event.RequestType === 'Delete') {
      const refusal = await refusalOf(Region);
      if (refusal !== null) throw new Error(refusal);
    }
    return { physicalId: `members of ${environment('CLUSTER')} in ${Region}` };
  });
}

async function refusalOf(region: string): Promise<string | null> {
  const [strengths, bootstrap, lock] = await Promise.all([
    Promise.all(regions().map(strengthOf)),
    readBootstrap(),
    readLock(),
  ]);
  return regionRefusal({
    region,
    regions: strengths.filter((one) => one !== null),
    begun: bootstrap !== null,
    holder: lock?.holder ?? null,
    changesRegions: lock?.purpose === 'MultiregionMigration',
  });
}

async function strengthOf(region: string): Promise<RegionStrength | null> {
  const group = await findGroup(region);
  if (group === null) return null;
  const inService = stayingInstances(group).filter(({ lifecycleState }) => lifecycleState === 'InService').length;
  return { region, inService, desiredCapacity: group.desiredCapacity };
}
