/** Auto Scaling groups and their lifecycle hooks. */
import type { AutoScaling } from '../../autoscaling/index.ts';
import type { Network } from '../../ec2/launchTemplates.ts';
import type { Vpcs } from '../../ec2/vpc/records.ts';
import { type Existing, generatedName, type Providers, type ResourceRequest, tagsOf, text } from '../provider.ts';

export interface GroupParts {
  readonly network: Network;
  readonly subnets: Vpcs['subnets'];
  readonly autoscaling: AutoScaling;
}

export function groups({ network, subnets, autoscaling }: GroupParts): Providers {
  return {
    'AWS::AutoScaling::AutoScalingGroup': {
      create(request) {
        const name = text(request.properties, 'AutoScalingGroupName') ?? generatedName(request);
        const group = autoscaling.createGroup({ name, ...groupOf(request, network, subnets) });
        return { physicalId: name, attributes: { Arn: group.arn, AutoScalingGroupARN: group.arn } };
      },
      update(request, existing) {
        const { minSize, maxSize, desiredCapacity, ...rest } = groupOf(request, network, subnets);
        const sizes = sizesChanged(request, existing) ? { minSize, maxSize, desiredCapacity } : {};
        autoscaling.updateGroup(existing.physicalId, { ...rest, ...sizes });
        return existing;
      },
      delete: ({ physicalId }) => autoscaling.deleteGroup(physicalId),
    },
    'AWS::AutoScaling::LifecycleHook': {
      create(request) {
        const name = text(request.properties, 'LifecycleHookName') ?? generatedName(request);
        autoscaling.putHook(hookOf(request, name));
        return { physicalId: name, attributes: {} };
      },
      update(request, existing) {
        // Without DefaultResult, an update would keep the one before; CloudFormation sets AWS's default again.
        autoscaling.putHook({
          DefaultResult: 'ABANDON',
          HeartbeatTimeout: 3_600,
          ...hookOf(request, existing.physicalId),
        });
        return existing;
      },
      delete: ({ physicalId, properties }) =>
        autoscaling.deleteHook(text(properties, 'AutoScalingGroupName') ?? '', physicalId),
    },
  };
}

/** As the update policy IgnoreUnmodifiedGroupSizeProperties has it, which the CDK sets: what somebody scaled stays. */
function sizesChanged({ properties }: ResourceRequest, existing: Existing): boolean {
  return ['MinSize', 'MaxSize', 'DesiredCapacity'].some((name) => properties[name] !== existing.properties[name]);
}

function hookOf({ properties }: ResourceRequest, name: string) {
  const { HeartbeatTimeout, ...rest } = properties;
  return {
    ...rest,
    LifecycleHookName: name,
    // CloudFormation's numbers may be text.
    ...(HeartbeatTimeout !== undefined && { HeartbeatTimeout: Number(HeartbeatTimeout) }),
  };
}

function groupOf({ properties }: ResourceRequest, network: Network, known: Vpcs['subnets']) {
  const template = properties.LaunchTemplate as { LaunchTemplateId: string; Version: string } | undefined;
  if (template === undefined) throw new Error('it needs a LaunchTemplate; this home makes no mixed instances');
  const named = network.templates.get(template.LaunchTemplateId);
  const maxSize = Number(properties.MaxSize);
  const minSize = Number(properties.MinSize);
  const subnets = ((properties.VPCZoneIdentifier ?? []) as string[]).map((subnetId) => {
    const subnet = known.get(subnetId);
    if (subnet === null) throw new Error(`its subnet ${subnetId} is not one of this home`);
    return { subnetId, zone: subnet.zone, vpcId: subnet.vpcId };
  });
  return {
    minSize,
    maxSize,
    desiredCapacity: Number(properties.DesiredCapacity ?? minSize),
    subnets,
    launchTemplate: { id: template.LaunchTemplateId, name: named?.name ?? '', version: String(template.Version) },
    tags: tagsOf(properties.Tags),
  };
}
