/** Instance refreshes with the SDK, against a home whose instances are real processes. */
import {
  CancelInstanceRefreshCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  type InstanceRefresh,
  ResumeProcessesCommand,
  StartInstanceRefreshCommand,
  type StartInstanceRefreshCommandInput,
  SuspendProcessesCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { errorOf } from '../contract/target.ts';
import { eventually, groupName, openSmallHome, reopen, type SmallHome } from './smallHome.ts';

jest.setTimeout(120_000);

const AutoScalingGroupName = groupName;
let small: SmallHome;

beforeEach(async () => {
  small = await openSmallHome(3);
  await eventually(async () => (await inService()).length === 3);
});
afterEach(() => small.close());

async function inService(): Promise<readonly string[]> {
  const { AutoScalingGroups } = await small.autoscaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
  );
  return (AutoScalingGroups?.[0]?.Instances ?? []).flatMap(({ InstanceId = '', LifecycleState }) =>
    LifecycleState === 'InService' ? InstanceId : [],
  );
}

const start = (Preferences?: StartInstanceRefreshCommandInput['Preferences']) =>
  small.autoscaling.send(new StartInstanceRefreshCommand({ AutoScalingGroupName, Preferences }));
const cancel = () => small.autoscaling.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName }));

async function newest(): Promise<InstanceRefresh> {
  const { InstanceRefreshes } = await small.autoscaling.send(
    new DescribeInstanceRefreshesCommand({ AutoScalingGroupName }),
  );
  return InstanceRefreshes?.[0] ?? {};
}

const hasStatus = (status: string) => eventually(async () => ((await newest()).Status === status ? newest() : null));

test('replaces all instances and says how far it is', async () => {
  const before = await inService();
  const { InstanceRefreshId } = await start();
  expect(await errorOf(start())).toBe('InstanceRefreshInProgressFault');
  expect(await hasStatus('Successful')).toEqual({
    InstanceRefreshId,
    AutoScalingGroupName,
    Strategy: 'Rolling',
    Status: 'Successful',
    StartTime: expect.any(Date),
    EndTime: expect.any(Date),
    PercentageComplete: 100,
    InstancesToUpdate: 0,
    Preferences: { MinHealthyPercentage: 90, InstanceWarmup: 0, SkipMatching: false },
  });
  const after = await inService();
  expect(after).toHaveLength(3);
  expect(after.filter((id) => before.includes(id))).toEqual([]);
  expect(await errorOf(cancel())).toBe('ActiveInstanceRefreshNotFoundFault');
});

test('goes on after the home was closed and opened again', async () => {
  const before = await inService();
  await start({ MinHealthyPercentage: 100, MaxHealthyPercentage: 110, InstanceWarmup: 1 });
  await eventually(async () => ((await newest()).InstancesToUpdate ?? 3) < 3);
  small = await reopen(small);
  expect((await newest()).Status).toBe('InProgress');
  await hasStatus('Successful');
  expect((await inService()).filter((id) => before.includes(id))).toEqual([]);
});

test('waits while the process is suspended; is cancelled once what is under way has ended', async () => {
  const before = await inService();
  const ScalingProcesses = ['InstanceRefresh'];
  await small.autoscaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses }));
  await start({ InstanceWarmup: 3_600 });
  await small.home.services.autoscaling.updateGroup(groupName, { desiredCapacity: 4 });
  await eventually(async () => (await inService()).length === 4);
  expect(await newest()).toMatchObject({ Status: 'Pending', PercentageComplete: 0, InstancesToUpdate: 3 });
  expect(await inService()).toEqual(expect.arrayContaining([...before]));
  await small.home.services.autoscaling.updateGroup(groupName, { desiredCapacity: 3 });
  await small.autoscaling.send(new ResumeProcessesCommand({ AutoScalingGroupName, ScalingProcesses }));
  await hasStatus('InProgress');
  await cancel();
  expect(await hasStatus('Cancelled')).toMatchObject({ EndTime: expect.any(Date) });
  expect(await inService()).toHaveLength(3);
});
