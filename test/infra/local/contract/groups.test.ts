/** Auto Scaling groups, their hooks and processes: the same calls to this home and to moto. */
import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  DeleteLifecycleHookCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  PutLifecycleHookCommand,
  paginateDescribeAutoScalingGroups,
  RecordLifecycleActionHeartbeatCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { EC2Client, RebootInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { errorOf, type Target, targets } from './target.ts';

jest.setTimeout(120_000);

const AutoScalingGroupName = 'one';
const LifecycleHookName = 'leave';

async function makeGroups({ home, client }: Target, names: readonly string[]): Promise<void> {
  const subnets = [{ subnetId: 'subnet-1', zone: 'eu-west-1a', vpcId: 'vpc-1' }];
  const empty = { minSize: 0, maxSize: 3, desiredCapacity: 0, subnets, tags: {} };
  if (home !== undefined) {
    const launchTemplate = { id: 'lt-1', name: 'member', version: '1' };
    for (const name of names) home.services.autoscaling.createGroup({ ...empty, name, launchTemplate });
    return;
  }
  const autoscaling = new AutoScalingClient(client);
  const LaunchConfigurationName = 'member';
  await autoscaling.send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName,
      ImageId: 'ami-12c6146b',
      InstanceType: 't3.small',
    }),
  );
  for (const name of names) {
    await autoscaling.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        LaunchConfigurationName,
        MinSize: 0,
        MaxSize: 3,
        DesiredCapacity: 0,
        AvailabilityZones: ['eu-west-1a'],
      }),
    );
  }
}

describe.each(targets)('%s', (name, open) => {
  let target: Target;
  let autoscaling: AutoScalingClient;
  beforeAll(async () => {
    target = await open();
    autoscaling = new AutoScalingClient(target.client);
    await makeGroups(target, ['one', 'two', 'three']);
  });
  afterAll(() => target.close());

  const hooks = async () =>
    (await autoscaling.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName }))).LifecycleHooks ?? [];

  test('puts, describes and deletes a hook', async () => {
    await autoscaling.send(
      new PutLifecycleHookCommand({
        AutoScalingGroupName,
        LifecycleHookName,
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        HeartbeatTimeout: 900,
        DefaultResult: 'CONTINUE',
      }),
    );
    const [hook, ...more] = await hooks();
    expect(more).toEqual([]);
    expect(hook).toMatchObject({
      AutoScalingGroupName,
      LifecycleHookName,
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      HeartbeatTimeout: 900,
      DefaultResult: 'CONTINUE',
    });
    await autoscaling.send(new DeleteLifecycleHookCommand({ AutoScalingGroupName, LifecycleHookName }));
    expect(await hooks()).toEqual([]);
  });

  test('suspends processes and resumes them', async () => {
    const suspended = async () => {
      const answer = await autoscaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [AutoScalingGroupName] }),
      );
      return (answer.AutoScalingGroups?.[0]?.SuspendedProcesses ?? []).map(({ ProcessName }) => ProcessName).sort();
    };
    const ScalingProcesses = ['AZRebalance', 'ReplaceUnhealthy', 'Terminate'];
    await autoscaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses }));
    expect(await suspended()).toEqual(ScalingProcesses);
    await autoscaling.send(new ResumeProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['Terminate'] }));
    expect(await suspended()).toEqual(['AZRebalance', 'ReplaceUnhealthy']);
    await autoscaling.send(new ResumeProcessesCommand({ AutoScalingGroupName }));
    expect(await suspended()).toEqual([]);
  });

  test('describes groups page by page, and by name', async () => {
    const pages: unknown[][] = [];
    for await (const page of paginateDescribeAutoScalingGroups({ client: autoscaling, pageSize: 2 }, {}))
      pages.push((page.AutoScalingGroups ?? []).map((group) => group.AutoScalingGroupName));
    expect(pages).toEqual([['one', 'two'], ['three']]);
    const named = await autoscaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['two'] }));
    expect(named.AutoScalingGroups).toHaveLength(1);
  });

  test('refuses instances that are not there', async () => {
    const InstanceId = 'i-0123456789abcdef0';
    const reboot = new RebootInstancesCommand({ InstanceIds: [InstanceId] });
    expect(await errorOf(new EC2Client(target.client).send(reboot))).toBe('InvalidInstanceID.NotFound');
  });

  // moto does not have these, or answers with an internal error.
  if (name === 'this home')
    test('refuses actions of which there are none', async () => {
      const InstanceId = 'i-0123456789abcdef0';
      const action = { AutoScalingGroupName, LifecycleHookName, InstanceId };
      const complete = new CompleteLifecycleActionCommand({ ...action, LifecycleActionResult: 'CONTINUE' });
      expect(await errorOf(autoscaling.send(complete))).toBe('ValidationError');
      expect(await errorOf(autoscaling.send(new RecordLifecycleActionHeartbeatCommand(action)))).toBe(
        'ValidationError',
      );
      const terminate = { InstanceId, ShouldDecrementDesiredCapacity: true };
      expect(await errorOf(autoscaling.send(new TerminateInstanceInAutoScalingGroupCommand(terminate)))).toBe(
        'ValidationError',
      );
      const tooMany = new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: 4 });
      expect(await errorOf(autoscaling.send(tooMany))).toBe('ValidationError');
    });
});
