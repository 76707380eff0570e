/** The regions of the cluster as their own AWS describes them. A region that does not answer is not known: nothing follows from its silence. */

import type { ClusterSettings } from '#etcd/record.ts';
import type { RegionDemand } from '#etcd/regions.ts';
import type { Ec2Instance, Group, Instances } from '../machine/group.ts';

export interface RegionView extends RegionDemand {
  /** Null where the region does not answer. */
  readonly group: Group | null;
  /** Those with the cluster's tag; empty where the region does not answer. */
  readonly instances: readonly Ec2Instance[];
  /** Why it is not known; null where it is. */
  readonly reason: string | null;
}

export interface RegionViewsOptions {
  /** Where this agent is. */
  readonly ownRegion: string;
  readonly instancesIn: (region: string) => Instances;
  readonly tag: { readonly key: string; readonly value: string };
}

/** The regions that a cluster is in, by its settings; this agent's own where an older deployment wrote them. */
export function regionsOf({ regions }: Pick<ClusterSettings, 'regions'>, ownRegion: string): readonly string[] {
  const named = regions?.map(({ region }) => region) ?? [];
  return named.includes(ownRegion) ? named : [...named, ownRegion];
}

/** Each look would wait for a region that does not answer; what was said of it stays for so long, in milliseconds. */
const silentForMs = 5_000;

/** @throws Error, when called, where this agent's own region does not answer */
export function createRegionViews(
  options: RegionViewsOptions,
  nowMs: () => number,
): (settings: ClusterSettings) => Promise<readonly RegionView[]> {
  const { ownRegion } = options;
  const silent = new Map<string, { readonly view: RegionView; readonly untilMs: number }>();

  async function viewOrSilence(region: string, groupName: string): Promise<RegionView> {
    if (region === ownRegion) return view(region, groupName, options);
    const known = silent.get(region);
    if (known !== undefined && known.untilMs > nowMs()) return known.view;
    silent.delete(region);
    try {
      return await view(region, groupName, options);
    } catch (error) {
      const unknown = { region, wanted: null, group: null, instances: [], reason: (error as Error).message };
      silent.set(region, { view: unknown, untilMs: nowMs() + silentForMs });
      return unknown;
    }
  }

  return (settings) =>
    Promise.all(regionsOf(settings, ownRegion).map((region) => viewOrSilence(region, settings.groupName)));
}

async function view(region: string, groupName: string, { instancesIn, tag }: RegionViewsOptions): Promise<RegionView> {
  const there = instancesIn(region);
  const [group, instances] = await Promise.all([there.group(groupName), there.withTag(tag.key, tag.value)]);
  return { region, wanted: group.deleting ? 0 : group.desiredCapacity, group, instances, reason: null };
}
