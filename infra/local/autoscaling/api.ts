/** Groups and their instances as the API shows them. */
import type { Group, GroupMember } from './group.ts';

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

function templateToApi({ id, name, version }: Group['launchTemplate']): Record<string, string> {
  return { LaunchTemplateId: id, LaunchTemplateName: name, Version: version };
}
