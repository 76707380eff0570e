/** Whether a region's stack may be deleted while the cluster runs. Pure. */

/** One region of the cluster, as its Auto Scaling group has it. */
export interface RegionStrength {
  readonly region: string;
  readonly inService: number;
  readonly desiredCapacity: number;
}

export interface DeletionFacts {
  /** Whose stack it is. */
  readonly region: string;
  /** Of all regions that have a group. */
  readonly regions: readonly RegionStrength[];
  /** Whether ClusterBootstrap has chosen the members. */
  readonly begun: boolean;
  /** Who holds the operation lock; null: nobody. */
  readonly holder: string | null;
  /** Whether it is a change of regions. */
  readonly changesRegions: boolean;
}

/**
 * Members leave as their instances go, so those that stay have to be a quorum of the whole cluster, which is taken for as large as the
 * groups are or want to be.
 * @returns why not, in one sentence; null where it may go
 */
export function regionRefusal({ region, regions, begun, holder, changesRegions }: DeletionFacts): string | null {
  const going = regions.find((one) => one.region === region);
  if (!begun || going === undefined) return null;
  // A change of regions could not go on without the group, also where nobody is there yet.
  if (holder !== null && (going.inService > 0 || changesRegions))
    return `an operation holds the lock of the cluster: ${holder}; let it end first (docs/runbook.md#lock-held)`;
  if (going.inService === 0) return null;
  const staying = regions.filter((one) => one !== going);
  const left = staying.reduce((sum, { inService }) => sum + inService, 0);
  const whole = regions.reduce((sum, { inService, desiredCapacity }) => sum + Math.max(inService, desiredCapacity), 0);
  const needed = Math.floor(whole / 2) + 1;
  if (left >= needed) return null;
  // Not a deployment: a stack whose deletion was refused cannot be updated any more.
  const help = `move them home first, with MultiregionMigration and {"leaveRegion": "${region}", "homeMembers": ...}, and delete the stack again`;
  return `${region} has ${going.inService} of ${whole} members, and the ${left} elsewhere are no quorum, which is ${needed}; ${help} (docs/runbook.md#region-needed)`;
}
