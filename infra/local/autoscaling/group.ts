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
  readonly suspendedProcesses?: readonly SuspendedProcess[];
}

/** Those that a group of this home has, and those that it only remembers as suspended. */
export const scalingProcesses = [
  'Launch',
  'Terminate',
  'HealthCheck',
  'ReplaceUnhealthy',
  'AZRebalance',
  'AlarmNotification',
  'ScheduledActions',
  'InstanceRefresh',
  'AddToLoadBalancer',
] as const;

export type ScalingProcess = (typeof scalingProcesses)[number];

export interface SuspendedProcess {
  readonly name: ScalingProcess;
  readonly reason: string;
}

export function isSuspended({ suspendedProcesses = [] }: Group, process: ScalingProcess): boolean {
  return suspendedProcesses.some(({ name }) => name === process);
}

export type LifecycleState =
  | 'Pending'
  | 'Pending:Wait'
  | 'Pending:Proceed'
  | 'InService'
  | 'Standby'
  | 'Terminating'
  | 'Terminating:Wait'
  | 'Terminating:Proceed';

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

export function isTerminating({ lifecycleState }: GroupMember): boolean {
  return lifecycleState.startsWith('Terminating');
}

/** Whether it counts towards the desired capacity. */
export function isLive(member: GroupMember): boolean {
  return !isTerminating(member) && member.lifecycleState !== 'Standby';
}

const unhealthy = 'an instance was taken out of service in response to a health check';

/**
 * Brings the group to its desired capacity: unhealthy instances go, missing ones are launched in the zone that has fewest,
 * surplus ones go from the zone that has most, oldest first. Suspended processes are left out, except where the group is
 * deleted.
 * @param surge instances above the desired capacity that an instance refresh wants
 */
export function nextSteps(group: Group, members: readonly GroupMember[], surge = 0): NextSteps {
  if (group.deleting) {
    const left = members.filter((member) => !isTerminating(member));
    return { terminate: left.map(({ instanceId }) => ({ instanceId, cause: 'the group is deleted' })), launch: [] };
  }
  const terminates = !isSuspended(group, 'Terminate');
  const replaces = terminates && !isSuspended(group, 'ReplaceUnhealthy');
  const live = members.filter(isLive);
  const sick = replaces ? live.filter(({ health }) => health === 'Unhealthy') : [];
  const wanted = group.desiredCapacity + surge;
  const terminate = sick.map(({ instanceId }) => ({ instanceId, cause: unhealthy }));
  let kept = live.filter((member) => !sick.includes(member));
  while (terminates && kept.length > wanted) {
    const zone = most(group, kept);
    const oldest = kept.find((member) => member.zone === zone) ?? kept[0];
    if (oldest === undefined) break;
    terminate.push({ instanceId: oldest.instanceId, cause: `the desired capacity is ${wanted}` });
    kept = kept.filter((member) => member !== oldest);
  }
  const launch: string[] = [];
  while (!isSuspended(group, 'Launch') && kept.length + launch.length < wanted) {
    launch.push(fewest(group, [...kept.map(({ zone }) => zone), ...launch]));
  }
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
