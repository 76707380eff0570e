/** An instance as this home keeps it. */

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated';

export interface Instance {
  readonly instanceId: string;
  readonly state: InstanceState;
  /** Private IPv4 address: a loopback address of this home. */
  readonly address: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly securityGroupIds: readonly string[];
  /** Name of the role in its instance profile. */
  readonly roleName: string;
  readonly instanceProfileArn: string;
  /** As the launch template has it: base64. */
  readonly userData: string;
  readonly tags: Readonly<Record<string, string>>;
  /** ISO 8601 */
  readonly launchedAt: string;
  readonly terminatedAt?: string;
  readonly stateReason?: string;
  /** User data has run; false where it failed, and then `stateReason` says why. */
  readonly booted: boolean;
  /** A reboot that is not through; a home that is opened again repeats it. */
  readonly rebooting?: boolean;
  /** What Auto Scaling brings it to, as instance metadata says it; absent before there is anything to say. */
  readonly targetLifecycleState?: TargetLifecycleState;
  /** The spot interruption notice in its metadata. */
  readonly spotAction?: SpotAction;
}

export type TargetLifecycleState = 'InService' | 'Standby' | 'Terminated';

export interface SpotAction {
  readonly action: 'terminate' | 'stop' | 'hibernate';
  /** When, ISO 8601 */
  readonly time: string;
}

/** EC2 shows a terminated instance "for a while"; its guide says about an hour. */
const shownAfterTerminationMs = 3_600_000;

/** Whether EC2 has forgotten the instance. */
export function forgotten({ terminatedAt }: Instance, nowMs: number): boolean {
  return terminatedAt !== undefined && Date.parse(terminatedAt) + shownAfterTerminationMs <= nowMs;
}

/** What a launch template says, as far as this home uses it. */
export interface LaunchSpecification {
  readonly imageId: string;
  readonly instanceType: string;
  readonly securityGroupIds: readonly string[];
  readonly roleName: string;
  readonly instanceProfileArn: string;
  readonly userData: string;
  readonly tags: Readonly<Record<string, string>>;
}

const stateCodes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
};

/** The `InstanceState` of the EC2 API. */
export function stateOf(state: InstanceState): { Code: number; Name: InstanceState } {
  return { Code: stateCodes[state], Name: state };
}

/** The SDK's shape of an instance. */
export function toApi(instance: Instance, region: string): Record<string, unknown> {
  const gone = instance.state === 'terminated';
  return {
    InstanceId: instance.instanceId,
    ImageId: instance.imageId,
    InstanceType: instance.instanceType,
    State: stateOf(instance.state),
    LaunchTime: new Date(instance.launchedAt),
    Placement: { AvailabilityZone: instance.zone, Tenancy: 'default', GroupName: '' },
    Architecture: 'x86_64',
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    PrivateDnsName: gone ? '' : `ip-${instance.address.replaceAll('.', '-')}.${region}.compute.internal`,
    ...(!gone && { PrivateIpAddress: instance.address, SubnetId: instance.subnetId, VpcId: instance.vpcId }),
    IamInstanceProfile: { Arn: instance.instanceProfileArn },
    SecurityGroups: gone ? [] : instance.securityGroupIds.map((GroupId) => ({ GroupId, GroupName: GroupId })),
    MetadataOptions: {
      HttpTokens: 'required',
      HttpEndpoint: 'enabled',
      HttpPutResponseHopLimit: 1,
      InstanceMetadataTags: 'enabled',
      State: 'applied',
    },
    Tags: Object.entries(instance.tags).map(([Key, Value]) => ({ Key, Value })),
    ...(instance.stateReason !== undefined && { StateTransitionReason: instance.stateReason }),
  };
}
