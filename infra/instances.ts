/** The members' instances: launch template, role, Auto Scaling group across zones. */
import { Annotations, type CfnResource, Duration, RemovalPolicy, type Stack, Tags } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  DefaultResult,
  GroupMetrics,
  HealthChecks,
  LifecycleTransition,
  TerminationPolicy,
} from 'aws-cdk-lib/aws-autoscaling';
import {
  AmazonLinuxCpuType,
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MachineImage,
} from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { NagSuppressions } from 'cdk-nag';
import type { Construct } from 'constructs';
import { agentTags, terminationHook } from '../agent/protocol.ts';
import { groupName, memberRoleName } from './names.ts';
import type { Network } from './network.ts';
import type { Settings } from './settings.ts';
import { type AgentRelease, dataDevice, userData } from './userData.ts';

/** How long a terminating instance may wait for a moment at which its member can leave. */
const leaveTimeout = Duration.minutes(15);

export interface InstancesProps {
  readonly settings: Settings;
  readonly network: Network;
  readonly role: Role;
  readonly release: AgentRelease;
  readonly tableName: string;
  /** ARN of the certificate signer. */
  readonly signer: string;
  readonly capacity: Capacity;
}

/** Of the group, at its creation and where a deployment changes it. */
export interface Capacity {
  readonly least: number;
  readonly desired: number;
  readonly most: number;
}

/** Systems Manager's agent and nothing else; what our agent needs is granted where it is used. */
export function createInstanceRole(scope: Stack, cluster: string): Role {
  const role = new Role(scope, 'MemberRole', {
    roleName: memberRoleName(cluster, scope.region),
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    description: 'Instances of the etcd cluster',
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore')],
  });
  NagSuppressions.addResourceSuppressions(
    role,
    [
      {
        id: 'AwsSolutions-IAM4',
        reason: "AmazonSSMManagedInstanceCore is AWS's own minimum for Systems Manager's agent and changes with it.",
        appliesTo: ['Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore'],
      },
    ],
    true,
  );
  return role;
}

export function createGroup(scope: Construct, props: InstancesProps): AutoScalingGroup {
  const { settings, network, capacity } = props;
  const group = new AutoScalingGroup(scope, 'Members', {
    autoScalingGroupName: groupName(settings.cluster),
    vpc: network.vpc,
    vpcSubnets: { subnets: network.vpc.privateSubnets },
    launchTemplate: createLaunchTemplate(scope, props),
    minCapacity: capacity.least,
    // Set too, so that a deployment with fewer members shrinks the group; the update policy leaves it alone otherwise.
    desiredCapacity: capacity.desired,
    maxCapacity: capacity.most,
    // EC2's own checks only: a member that is busy or alone must never be taken for a broken instance.
    healthChecks: HealthChecks.ec2({ gracePeriod: Duration.minutes(5) }),
    groupMetrics: [GroupMetrics.all()],
    terminationPolicies: [TerminationPolicy.OLDEST_INSTANCE],
  });
  Annotations.of(group).acknowledgeWarning('@aws-cdk/aws-autoscaling:desiredCapacitySet');
  const hook = group.addLifecycleHook('MemberLeaves', {
    lifecycleHookName: terminationHook,
    lifecycleTransition: LifecycleTransition.INSTANCE_TERMINATING,
    heartbeatTimeout: leaveTimeout,
    // An instance whose agent never says that it left is lost anyhow: housekeeping removes its member.
    defaultResult: DefaultResult.CONTINUE,
  });
  // CloudFormation would delete the hook before the group, and members would go without leaving; Auto Scaling deletes it with the group.
  (hook.node.defaultChild as CfnResource).applyRemovalPolicy(RemovalPolicy.RETAIN);
  const tags = {
    [agentTags.cluster]: settings.cluster,
    [agentTags.table]: props.tableName,
    [agentTags.bucket]: props.release.bucket,
    [agentTags.homeRegion]: props.release.region,
    [agentTags.certificates]: props.signer,
    Name: `etcd ${settings.cluster}`,
  };
  for (const [key, value] of Object.entries(tags)) Tags.of(group).add(key, value, { applyToLaunchedInstances: true });
  NagSuppressions.addResourceSuppressions(group, [
    {
      id: 'AwsSolutions-AS3',
      reason:
        'Membership changes are audit items of the cluster record; launches and terminations are alarmed on by capacity.',
    },
  ]);
  return group;
}

function createLaunchTemplate(scope: Construct, { settings, network, role, release }: InstancesProps): LaunchTemplate {
  const cpuType = settings.architecture === 'arm64' ? AmazonLinuxCpuType.ARM_64 : AmazonLinuxCpuType.X86_64;
  return new LaunchTemplate(scope, 'MemberTemplate', {
    machineImage: MachineImage.latestAmazonLinux2023({ cpuType }),
    instanceType: new InstanceType(settings.instanceType),
    role,
    securityGroup: network.securityGroup,
    userData: userData(release),
    associatePublicIpAddress: false,
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    httpPutResponseHopLimit: 1,
    instanceMetadataTags: true,
    detailedMonitoring: true,
    blockDevices: [
      {
        deviceName: '/dev/xvda',
        volume: BlockDeviceVolume.ebs(16, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
      },
      {
        deviceName: dataDevice,
        volume: BlockDeviceVolume.ebs(settings.dataVolumeGiB, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
      },
    ],
  });
}
