/** Who measures how far two regions are from each other. Pure. */
import { regionOfZone } from '#etcd/regions.ts';
import type { Probe } from '../catalogue.ts';

interface Placed {
  readonly instanceId: string;
  readonly zone: string;
  readonly address: string;
}

/**
 * One instance of each region, the first by its id, measures all instances of the others: both ends of each way, since security groups and routes
 * of both have to let it through.
 */
export function probesOf(instances: readonly Placed[]): readonly Probe[] {
  const byRegion = Map.groupBy(
    [...instances].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1)),
    ({ zone }) => regionOfZone(zone) ?? zone,
  );
  return [...byRegion.values()].flatMap((own) => {
    const [first] = own;
    const addresses = instances.filter((one) => !own.includes(one)).map(({ address }) => address);
    return first === undefined || addresses.length === 0 ? [] : [{ instanceId: first.instanceId, addresses }];
  });
}
