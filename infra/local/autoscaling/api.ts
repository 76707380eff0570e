/** Groups and their instances as the API shows them. */
import { AwsError } from '../wire/service.ts';
import type { Group, GroupMember } from './group.ts';
import { globalTimeoutSeconds, type LifecycleHook } from './hooks.ts';

export function groupToApi(group: Group, members: readonly GroupMember[]): Record<string, unknown> {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    DefaultCooldown: 300,
    AvailabilityZones: group.subnets.map(({ zone }) => zone),
    VPCZoneIdentifier: group.subnets.map(({ subnetId }) => subnetId).join(','),
    HealthCheckType: 'EC2',
    LaunchTemplate: templateToApi(group.launchTemplate),
    CreatedTime: new Date(group.createdAt),
    Instances: members
      .filter(({ group: name }) => name === group.name)
      .map((member) => ({ ...memberToApi(member), HealthStatus: member.health })),
    Tags: Object.entries(group.tags).map(([Key, Value]) => ({
      Key,
      Value,
      ResourceId: group.name,
      ResourceType: 'auto-scaling-group',
      PropagateAtLaunch: true,
    })),
    SuspendedProcesses: (group.suspendedProcesses ?? []).map(({ name, reason }) => ({
      ProcessName: name,
      SuspensionReason: reason,
    })),
    ...(group.deleting && { Status: 'Delete in progress' }),
  };
}

export function memberToApi(member: GroupMember): Record<string, unknown> {
  return {
    InstanceId: member.instanceId,
    InstanceType: member.instanceType,
    AvailabilityZone: member.zone,
    LifecycleState: member.lifecycleState,
    LaunchTemplate: templateToApi(member.launchTemplate),
    ProtectedFromScaleIn: false,
  };
}

export function hookToApi(hook: LifecycleHook): Record<string, unknown> {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: hook.group,
    LifecycleTransition: hook.transition,
    HeartbeatTimeout: hook.heartbeatTimeoutSeconds,
    GlobalTimeout: globalTimeoutSeconds(hook),
    DefaultResult: hook.defaultResult,
    ...(hook.notificationMetadata !== undefined && { NotificationMetadata: hook.notificationMetadata }),
  };
}

export interface TagFilter {
  readonly Name?: string;
  readonly Values?: readonly string[];
}

/** Whether the group passes all filters; a filter passes with any of its values. */
export function matches({ tags }: Group, filters: readonly TagFilter[]): boolean {
  return filters.every(({ Name = '', Values = [] }) => {
    if (Name === 'tag-key') return Values.some((key) => Object.hasOwn(tags, key));
    if (Name === 'tag-value') return Object.values(tags).some((value) => Values.includes(value));
    if (Name.startsWith('tag:')) return Values.includes(tags[Name.slice('tag:'.length)] ?? '');
    throw new AwsError('ValidationError', `Filter name '${Name}' is not allowed; allowed: tag-key, tag-value, tag:KEY`);
  });
}

function templateToApi({ id, name, version }: Group['launchTemplate']): Record<string, string> {
  return { LaunchTemplateId: id, LaunchTemplateName: name, Version: version };
}
