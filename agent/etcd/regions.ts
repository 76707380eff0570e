/** The regions of a cluster: which one a zone is in, and how many members each of them wants. Pure. */
import type { KnownMember } from './knownMembers.ts';

/**
 * `eu-west-1` of `eu-west-1a`, also of local and wavelength zones such as `us-west-2-lax-1a`; null where the text is no name of a
 * zone (EC2: "Regions and Zones").
 */
export function regionOfZone(zone: string): string | null {
  return /^[a-z]{2,4}(?:-[a-z]+)+-\d+(?=[a-z]|-)/.exec(zone)?.[0] ?? null;
}

/** One region as Auto Scaling has it. */
export interface RegionDemand {
  readonly region: string;
  /** The desired capacity of its group, 0 while that is being deleted; null where the region does not answer. */
  readonly wanted: number | null;
}

/** What all regions want together; null where one of them does not say. */
export function wantedInAll(demands: readonly RegionDemand[]): number | null {
  return demands.reduce<number | null>((sum, { wanted }) => (sum === null || wanted === null ? null : sum + wanted), 0);
}

/**
 * What is wanted where a region may be silent: it is taken to want the members that it has, so that its silence is a reason neither to grow the
 * cluster nor to take it for one that is being deleted.
 */
export function wantedAtLeast(demands: readonly RegionDemand[], members: readonly KnownMember[]): number {
  return demands.reduce(
    (sum, { region, wanted }) => sum + (wanted ?? members.filter((member) => member.region === region).length),
    0,
  );
}

/** Members that take a place of this region's: its own, and those of which nobody knows where they are. */
export function membersIn(region: string, members: readonly KnownMember[]): number {
  return members.filter((member) => member.region === region || member.region === null).length;
}
