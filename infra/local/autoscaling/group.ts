/** An Auto Scaling group and what it should do next. Pure. */

export interface Group {
  readonly name: string;
  readonly arn: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  /** Subnets, one per zone. */
  readonly subnets: readonly { readonly subnetId: string; readonly zone: string; readonly vpcId: string }[];
  readonly launchTemplate: { readonly id: string; readonly name: string; readonly version: string };
  readonly tags: Readonly<Record<string, string>>;
  /** ISO 8601 */
  readonly createdAt: string;
  readonly deleting: boolean;
}

export type LifecycleState = 'Pending' | 'InService' | 'Terminating' | 'Terminated';

export interface GroupMember {
  readonly instanceId: string;
  readonly group: string;
  readonly zone: string;
  readonly lifecycleState: LifecycleState;
  readonly health: 'Healthy' | 'Unhealthy';
  readonly instanceType: string;
  readonly launchTemplate: Group['launchTemplate'];
}

export interface NextSteps {
  /** Instances to terminate, and why. */
  readonly terminate: readonly { readonly instanceId: string; readonly cause: string }[];
  /** Zones to launch one instance each in. */
  readonly launch: readonly string[];
}

/**
 * Brings the group to its desired capacity: unhealthy instances go, missing ones are launched in the zone that has fewest,
 * surplus ones go from the zone that has most, oldest first.
 */
export function nextSteps(group: Group, members: readonly GroupMember[]): NextSteps {
  const live = members.filter(({ lifecycleState }) => lifecycleState === 'Pending' || lifecycleState === 'InService');
  const sick = live.filter(({ health }) => health === 'Unhealthy');
  let kept = live.filter(({ health }) => health === 'Healthy');
  const wanted = group.deleting ? 0 : group.desiredCapacity;
  const terminate = sick.map(({ instanceId }) => ({
    instanceId,
    cause: 'an instance was taken out of service in response to a health check',
  }));
  const launch: string[] = [];
  while (kept.length > wanted) {
    const zone = most(group, kept);
    const oldest = kept.find((member) => member.zone === zone) ?? kept[0];
    if (oldest === undefined) break;
    terminate.push({ instanceId: oldest.instanceId, cause: `the desired capacity is ${wanted}` });
    kept = kept.filter((member) => member !== oldest);
  }
  while (kept.length + launch.length < wanted) launch.push(fewest(group, [...kept.map(({ zone }) => zone), ...launch]));
  return { terminate, launch };
}

function fewest(group: Group, zones: readonly string[]): string {
  const counts = group.subnets.map(({ zone }) => ({ zone, count: zones.filter((other) => other === zone).length }));
  return counts.reduce((least, next) => (next.count < least.count ? next : least)).zone;
}

function most(group: Group, members: readonly GroupMember[]): string | undefined {
  const counts = group.subnets.map(({ zone }) => ({
    zone,
    count: members.filter((member) => member.zone === zone).length,
  }));
  return counts.reduce((greatest, next) => (next.count > greatest.count ? next : greatest)).zone;
}
