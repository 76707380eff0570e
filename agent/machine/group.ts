/** The cluster's instances as Auto Scaling and EC2 of one region know them. An answer is whole, or it is an error: nothing in between. */
import { type Aws, AwsCallError } from './aws.ts';
import { all, textAt, type XmlValue } from './xml.ts';

export interface GroupInstance {
  readonly instanceId: string;
  /** `InService`, `Pending`, `Terminating:Wait`, ... */
  readonly lifecycleState: string;
  readonly zone: string;
}

export interface Group {
  readonly name: string;
  readonly desiredCapacity: number;
  readonly instances: readonly GroupInstance[];
  readonly suspendedProcesses: readonly string[];
  /** It is being deleted. */
  readonly deleting: boolean;
}

export interface Ec2Instance {
  readonly instanceId: string;
  /** `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated` */
  readonly state: string;
  /** Private IPv4 address; empty where it has none any more. */
  readonly address: string;
  readonly zone: string;
}

export interface Instances {
  /** @throws Error where Auto Scaling does not answer or has no such group. */
  group(name: string): Promise<Group>;
  /** Every instance with this tag that EC2 still knows. @throws Error where a page is missing. */
  withTag(key: string, value: string): Promise<readonly Ec2Instance[]>;
  /**
   * One instance by its id; null only where EC2 says that there is none of this id, which it also says of those of other regions.
   * @throws Error for any other answer
   */
  byId(instanceId: string): Promise<Ec2Instance | null>;
  /** Lets an instance go that the hook holds. */
  completeLifecycleAction(group: string, hook: string, instanceId: string): Promise<void>;
}

/** More pages than any cluster has. */
const mostPages = 20;

export function createInstances(aws: Pick<Aws, 'query'>, region: string): Instances {
  return {
    async group(name) {
      const answer = await aws.query('autoscaling', region, 'DescribeAutoScalingGroups', {
        'AutoScalingGroupNames.member.1': name,
      });
      const [group] = all(answer, 'DescribeAutoScalingGroupsResult', 'AutoScalingGroups', 'member');
      if (textAt(group, 'AutoScalingGroupName') !== name)
        throw new Error(`Auto Scaling does not know the group ${name}`);
      const desired = textAt(group, 'DesiredCapacity');
      if (!/^\d+$/.test(desired)) throw new Error(`Auto Scaling's answer about ${name} has no DesiredCapacity`);
      return {
        name,
        desiredCapacity: Number(desired),
        deleting: textAt(group, 'Status') !== '',
        suspendedProcesses: all(group, 'SuspendedProcesses', 'member', 'ProcessName').map(String),
        instances: all(group, 'Instances', 'member').map((instance) => ({
          instanceId: textAt(instance, 'InstanceId'),
          lifecycleState: textAt(instance, 'LifecycleState'),
          zone: textAt(instance, 'AvailabilityZone'),
        })),
      };
    },
    async withTag(key, value) {
      const found: Ec2Instance[] = [];
      let token = '';
      for (let page = 0; page < mostPages; page++) {
        const filter = { 'Filter.1.Name': `tag:${key}`, 'Filter.1.Value.1': value, MaxResults: '100' };
        const answer = await aws.query('ec2', region, 'DescribeInstances', {
          ...filter,
          ...(token && { NextToken: token }),
        });
        found.push(...instancesIn(answer));
        token = textAt(answer, 'nextToken');
        if (token === '') return found;
      }
      throw new Error(`DescribeInstances has not ended after ${mostPages} pages`);
    },
    async byId(instanceId) {
      try {
        const found = instancesIn(await aws.query('ec2', region, 'DescribeInstances', { 'InstanceId.1': instanceId }));
        const [instance] = found.filter((one) => one.instanceId === instanceId);
        if (instance === undefined) throw new Error(`EC2's answer about ${instanceId} does not hold it`);
        return instance;
      } catch (error) {
        if (error instanceof AwsCallError && error.code === 'InvalidInstanceID.NotFound') return null;
        throw error;
      }
    },
    async completeLifecycleAction(group, hook, instanceId) {
      await aws.query('autoscaling', region, 'CompleteLifecycleAction', {
        AutoScalingGroupName: group,
        LifecycleHookName: hook,
        InstanceId: instanceId,
        LifecycleActionResult: 'CONTINUE',
      });
    },
  };
}

function instancesIn(answer: XmlValue): Ec2Instance[] {
  return all(answer, 'reservationSet', 'item', 'instancesSet', 'item').map((instance) => ({
    instanceId: textAt(instance, 'instanceId'),
    state: textAt(instance, 'instanceState', 'name'),
    address: textAt(instance, 'privateIpAddress'),
    zone: textAt(instance, 'placement', 'availabilityZone'),
  }));
}
