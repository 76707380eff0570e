import { environment } from '../aws/environment.ts';
import { findGroup } from '../aws/group.ts';
import { readSettings } from '../aws/record.ts';
import { droppedRegions, regionsRefusal } from '../plan/regionsDeployment.ts';
import { type CustomResourceEvent, respondWith } from './respond.ts';

/**
 * Custom resource of the home region: fails where the settings leave a region out in which the cluster still has instances, or wants some.
 * A region that does not answer is not taken for empty.
 */
export function handler(event: CustomResourceEvent): Promise<void> {
  const { Regions = '' } = event.ResourceProperties;
  return respondWith(event, async () => {
    const cluster = environment('CLUSTER');
    if (event.RequestType !== 'Delete') {
      const regions = Regions.split(',');
      const dropped = droppedRegions((await readSettings())?.regions, regions);
      const groups = (await Promise.all(dropped.map(findGroup))).filter((group) => group !== null);
      const inUse = groups.map(({ instances, ...group }) => ({ ...group, instances: instances.length }));
      const refusal = regionsRefusal(cluster, regions, inUse);
      if (refusal !== null) throw new Error(refusal);
    }
    return { physicalId: `regions of ${cluster}` };
  });
}
