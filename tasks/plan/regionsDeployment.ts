/** Whether a deployment may leave a region out that the one before it had. Pure. */

/** A region's Auto Scaling group. */
export interface RegionInUse {
  readonly region: string;
  /** However far they have come, or have gone. */
  readonly instances: number;
  readonly desiredCapacity: number;
}

/**
 * Regions that the cluster was deployed in and is to be in no more.
 * @param before of the settings in the cluster record; absent: nobody has deployed it, or an older version has, which knew one region
 */
export function droppedRegions(
  before: readonly { readonly region: string }[] | undefined,
  now: readonly string[],
): readonly string[] {
  return (before ?? []).map(({ region }) => region).filter((region) => !now.includes(region));
}

/**
 * Members in a region that the settings do not name are nobody's: no operation counts them, the signer gives them no certificates, home's
 * security group does not admit them.
 * @param regions of the new settings, home first
 * @param dropped those that have a group
 * @returns why the deployment is refused, and what to do; null where it may go on
 */
export function regionsRefusal(
  cluster: string,
  regions: readonly string[],
  dropped: readonly RegionInUse[],
): string | null {
  const used = dropped.find(({ instances, desiredCapacity }) => instances > 0 || desiredCapacity > 0);
  if (used === undefined) return null;
  const { region, instances, desiredCapacity } = used;
  return (
    `the settings (etcd-appliance.regions) leave the cluster in ${regions.join(' and ')}, and ${region}, where it was deployed, has ` +
    `${instances} instances and wants ${desiredCapacity}: start MultiregionMigration with {"leaveRegion": "${region}", "homeMembers": ...}, ` +
    `delete the stacks etcd-${cluster}-${region} and etcd-${cluster}-peering, then deploy (docs/runbook.md#region-needed)`
  );
}
