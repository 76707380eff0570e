/** Lifecycle hooks, suspended processes and standby, with the SDK against a home whose instances are real processes. */
import {
  type AutoScalingGroup,
  CompleteLifecycleActionCommand,
  DeleteLifecycleHookCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  type Instance,
  PutLifecycleHookCommand,
  RecordLifecycleActionHeartbeatCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { GroupMember } from '../../../../infra/local/autoscaling/group.ts';
import type { LifecycleAction } from '../../../../infra/local/autoscaling/hooks.ts';
import { metadataPort } from '../../../../infra/local/ec2/metadata.ts';
import { openFolder } from '../../../../infra/local/home/folder.ts';
import { documents } from '../../../../infra/local/wire/documents.ts';
import { errorOf } from '../contract/target.ts';
import { eventually, groupName, openSmallHome, reopen, type SmallHome } from './smallHome.ts';

jest.setTimeout(120_000);

const hookName = 'leave';
const AutoScalingGroupName = groupName;
let small: SmallHome;

beforeEach(async () => {
  small = await openSmallHome(3);
  await states('InService', 'InService', 'InService');
});
afterEach(() => small.close());

async function group(): Promise<Partial<AutoScalingGroup>> {
  const answer = await small.autoscaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [groupName] }),
  );
  return answer.AutoScalingGroups?.[0] ?? {};
}

/** Waits until the group's instances have exactly these states, oldest first. */
async function states(...wanted: string[]): Promise<Instance[]> {
  return eventually(async () => {
    const { Instances = [] } = await group();
    return Instances.map(({ LifecycleState }) => LifecycleState).join() === wanted.join() ? Instances : null;
  });
}

function putHook(transition: 'LAUNCHING' | 'TERMINATING', DefaultResult = 'CONTINUE', LifecycleHookName = hookName) {
  const LifecycleTransition = `autoscaling:EC2_INSTANCE_${transition}`;
  return small.autoscaling.send(
    new PutLifecycleHookCommand({ AutoScalingGroupName, LifecycleHookName, LifecycleTransition, DefaultResult }),
  );
}

function complete(InstanceId: string | undefined, LifecycleActionResult: 'CONTINUE' | 'ABANDON', name = hookName) {
  return small.autoscaling.send(
    new CompleteLifecycleActionCommand({
      AutoScalingGroupName,
      LifecycleHookName: name,
      InstanceId,
      LifecycleActionResult,
    }),
  );
}

const resize = (DesiredCapacity: number) =>
  small.autoscaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));

function terminate(InstanceId: string | undefined, ShouldDecrementDesiredCapacity: boolean) {
  return small.autoscaling.send(
    new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity }),
  );
}

const stateIn = (instanceId: string | undefined) =>
  small.home.services.ec2.instances().find((instance) => instance.instanceId === instanceId)?.state;

async function targetState(instanceId: string | undefined): Promise<string | number> {
  const { address } = small.home.services.ec2.instances().find((one) => one.instanceId === instanceId) ?? {};
  const base = `http://${address}:${metadataPort}/latest`;
  const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
  const token = await (await fetch(`${base}/api/token`, { method: 'PUT', headers })).text();
  const answer = await fetch(`${base}/meta-data/autoscaling/target-lifecycle-state`, {
    headers: { 'x-aws-ec2-metadata-token': token },
  });
  return answer.ok ? answer.text() : answer.status;
}

describe('a hook of terminating', () => {
  beforeEach(async () => {
    await putHook('TERMINATING');
  });

  test('holds an instance that its metadata tells of, until the action is completed', async () => {
    const [oldest] = await states('InService', 'InService', 'InService');
    expect(await targetState(oldest?.InstanceId)).toBe('InService');
    await terminate(oldest?.InstanceId, false);
    const members = await states('Terminating:Wait', 'InService', 'InService', 'InService');
    expect(members[0]?.InstanceId).toBe(oldest?.InstanceId);
    expect(await targetState(oldest?.InstanceId)).toBe('Terminated');
    expect(stateIn(oldest?.InstanceId)).toBe('running');
    await complete(oldest?.InstanceId, 'CONTINUE');
    await states('InService', 'InService', 'InService');
    expect(stateIn(oldest?.InstanceId)).toBe('terminated');
    expect(await errorOf(complete(oldest?.InstanceId, 'CONTINUE'))).toBe('ValidationError');
  });

  test.each<[string, (instanceId: string | undefined) => Promise<unknown>, string[]]>([
    ['a scale-in', () => resize(2), ['Terminating:Wait', 'InService', 'InService']],
    ['a termination with decrement', (id) => terminate(id, true), ['Terminating:Wait', 'InService', 'InService']],
    [
      'an unhealthy instance',
      (InstanceId) => small.autoscaling.send(new SetInstanceHealthCommand({ InstanceId, HealthStatus: 'Unhealthy' })),
      ['Terminating:Wait', 'InService', 'InService', 'InService'],
    ],
  ])('holds %s', async (_what, cause, wanted) => {
    const [oldest] = await states('InService', 'InService', 'InService');
    await cause(oldest?.InstanceId);
    const [waiting] = await states(...wanted);
    expect(waiting?.InstanceId).toBe(oldest?.InstanceId);
    await complete(waiting?.InstanceId, 'ABANDON');
    await states(...wanted.slice(1));
    expect(stateIn(waiting?.InstanceId)).toBe('terminated');
  });

  test('holds all instances of a group that is deleted', async () => {
    const members = await states('InService', 'InService', 'InService');
    const deleted = small.home.services.autoscaling.deleteGroup(groupName);
    await states('Terminating:Wait', 'Terminating:Wait', 'Terminating:Wait');
    expect((await group()).Status).toBe('Delete in progress');
    for (const { InstanceId } of members) await complete(InstanceId, 'CONTINUE');
    await deleted;
    expect(await group()).toEqual({});
  });

  test('does not hold an instance that is terminated through EC2', async () => {
    const [oldest] = await states('InService', 'InService', 'InService');
    await small.ec2.send(new TerminateInstancesCommand({ InstanceIds: [oldest?.InstanceId ?? ''] }));
    await eventually(() => stateIn(oldest?.InstanceId) === 'terminated');
    const members = await states('InService', 'InService', 'InService');
    expect(members.map(({ InstanceId }) => InstanceId)).not.toContain(oldest?.InstanceId);
  });

  test('that is deleted lets go of who waits for it', async () => {
    await resize(2);
    const [waiting] = await states('Terminating:Wait', 'InService', 'InService');
    await small.autoscaling.send(new DeleteLifecycleHookCommand({ AutoScalingGroupName, LifecycleHookName: hookName }));
    await states('InService', 'InService');
    expect(stateIn(waiting?.InstanceId)).toBe('terminated');
  });

  test('beside another: CONTINUE waits for the other, ABANDON does not', async () => {
    await putHook('TERMINATING', 'CONTINUE', 'second');
    await resize(1);
    const [first, second] = await states('Terminating:Wait', 'Terminating:Wait', 'InService');
    await complete(first?.InstanceId, 'CONTINUE');
    await complete(second?.InstanceId, 'ABANDON');
    await states('Terminating:Wait', 'InService');
    await complete(first?.InstanceId, 'CONTINUE', 'second');
    await states('InService');
  });

  test('still holds after the home was closed and opened again; its time runs meanwhile', async () => {
    await resize(1);
    const [first, second] = await states('Terminating:Wait', 'Terminating:Wait', 'InService');
    small = await reopen(small, () =>
      changeActions((action) =>
        action.instanceId === first?.InstanceId ? { ...action, heartbeatDeadlineMs: Date.now() - 1 } : action,
      ),
    );
    const [waiting] = await states('Terminating:Wait', 'InService');
    expect(waiting?.InstanceId).toBe(second?.InstanceId);
    expect(await targetState(waiting?.InstanceId)).toBe('Terminated');
    await complete(waiting?.InstanceId, 'CONTINUE');
    await states('InService');
  });

  test('a heartbeat starts its time again, the global time-out stays', async () => {
    await resize(2);
    const [waiting] = await states('Terminating:Wait', 'InService', 'InService');
    const globalDeadlineMs = Date.now() + 3_600_000;
    small = await reopen(small, () =>
      changeActions((action) => ({ ...action, heartbeatDeadlineMs: Date.now() + 600_000, globalDeadlineMs })),
    );
    const before = await actions();
    await small.autoscaling.send(
      new RecordLifecycleActionHeartbeatCommand({
        AutoScalingGroupName,
        LifecycleHookName: hookName,
        InstanceId: waiting?.InstanceId,
      }),
    );
    const after = await actions();
    expect(after[0]?.heartbeatDeadlineMs).toBeGreaterThan((before[0]?.heartbeatDeadlineMs ?? 0) + 2_000_000);
    expect(after[0]?.globalDeadlineMs).toBe(globalDeadlineMs);
  });
});

describe('a hook of launching', () => {
  test('holds a new instance out of service; CONTINUE lets it in, ABANDON replaces it', async () => {
    await putHook('LAUNCHING');
    await resize(4);
    const [, , , newcomer] = await states('InService', 'InService', 'InService', 'Pending:Wait');
    expect(await targetState(newcomer?.InstanceId)).toBe('InService');
    await complete(newcomer?.InstanceId, 'ABANDON');
    await eventually(() => stateIn(newcomer?.InstanceId) === 'terminated');
    const [, , , successor] = await states('InService', 'InService', 'InService', 'Pending:Wait');
    expect(successor?.InstanceId).not.toBe(newcomer?.InstanceId);
    await complete(successor?.InstanceId, 'CONTINUE');
    await states('InService', 'InService', 'InService', 'InService');
  });
});

test('an instance goes on where the home was killed: into service, or out of it', async () => {
  const halfway = ['Pending', 'Pending:Proceed', 'Terminating:Proceed'] as const;
  await small.autoscaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['Launch'] }));
  const members = await states('InService', 'InService', 'InService');
  small = await reopen(small, () => {
    const opened = openFolder(small.folder);
    const table = documents<GroupMember>(opened.database, 'autoscaling_instances');
    for (const [index, member] of table.all().entries())
      table.put(member.instanceId, { ...member, lifecycleState: halfway[index] ?? 'InService' });
    opened.close();
  });
  await states('InService', 'InService');
  await eventually(() => stateIn(members[2]?.InstanceId) === 'terminated');
});

describe('hooks', () => {
  test('are described with their defaults and the global time-out, changed in part, and refused by name', async () => {
    await putHook('TERMINATING');
    const { autoscaling } = small;
    const change = (changes: object) =>
      autoscaling.send(new PutLifecycleHookCommand({ AutoScalingGroupName, LifecycleHookName: hookName, ...changes }));
    await change({ HeartbeatTimeout: 900 });
    const { LifecycleHooks } = await autoscaling.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName }));
    expect(LifecycleHooks).toEqual([
      {
        AutoScalingGroupName,
        LifecycleHookName: hookName,
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        HeartbeatTimeout: 900,
        GlobalTimeout: 90_000,
        DefaultResult: 'CONTINUE',
      },
    ]);
    await expect(change({ HeartbeatTimeout: 29 })).rejects.toThrow("HeartbeatTimeout is '29'; allowed: 30 to 7200");
    await expect(change({ DefaultResult: 'RETRY' })).rejects.toThrow('allowed: CONTINUE, ABANDON');
    await expect(change({ LifecycleTransition: 'autoscaling:NONE' })).rejects.toThrow('LifecycleTransition');
    await expect(change({ LifecycleHookName: 'no such name' })).rejects.toThrow('LifecycleHookName');
  });
});

describe('suspended processes', () => {
  const suspend = (...ScalingProcesses: string[]) =>
    small.autoscaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses }));
  const resume = (...ScalingProcesses: string[]) =>
    small.autoscaling.send(new ResumeProcessesCommand({ AutoScalingGroupName, ScalingProcesses }));

  test('are described, with a reason, also after a restart; all of them where none is named', async () => {
    await suspend('AZRebalance', 'Launch');
    small = await reopen(small);
    expect((await group()).SuspendedProcesses).toEqual(
      ['AZRebalance', 'Launch'].map((ProcessName) => ({
        ProcessName,
        SuspensionReason: expect.stringMatching(/^User suspended at \d{4}-/),
      })),
    );
    await small.autoscaling.send(new SuspendProcessesCommand({ AutoScalingGroupName }));
    expect((await group()).SuspendedProcesses).toHaveLength(9);
    await small.autoscaling.send(new ResumeProcessesCommand({ AutoScalingGroupName }));
    expect((await group()).SuspendedProcesses).toEqual([]);
    await expect(suspend('Naps')).rejects.toThrow('allowed: Launch, Terminate');
  });

  test('Launch: what goes is replaced when it is resumed', async () => {
    await suspend('Launch');
    const [oldest] = await states('InService', 'InService', 'InService');
    await terminate(oldest?.InstanceId, false);
    await states('InService', 'InService');
    await resume('Launch');
    await states('InService', 'InService', 'InService');
  });

  test('ReplaceUnhealthy and HealthCheck: sick or lost instances stay until it is resumed', async () => {
    await suspend('ReplaceUnhealthy');
    const [oldest, second] = await states('InService', 'InService', 'InService');
    const { InstanceId } = oldest ?? {};
    await small.autoscaling.send(new SetInstanceHealthCommand({ InstanceId, HealthStatus: 'Unhealthy' }));
    await suspend('HealthCheck');
    await small.home.services.ec2.terminate(second?.InstanceId ?? '', 'a test');
    const members = await states('InService', 'InService', 'InService');
    expect(members.map(({ HealthStatus }) => HealthStatus)).toEqual(['Unhealthy', 'Healthy', 'Healthy']);
    await resume('HealthCheck');
    await eventually(async () => (await group()).Instances?.[1]?.HealthStatus === 'Unhealthy');
    await resume('ReplaceUnhealthy');
    await eventually(async () => {
      const { Instances = [] } = await group();
      const ids = Instances.map((instance) => instance.InstanceId);
      return !ids.includes(oldest?.InstanceId) && !ids.includes(second?.InstanceId);
    });
    await states('InService', 'InService', 'InService');
  });

  test('Terminate: a smaller group waits until it is resumed', async () => {
    await suspend('Terminate');
    await resize(2);
    await resize(1);
    await states('InService', 'InService', 'InService');
    await resume('Terminate');
    await states('InService');
  });
});

describe('standby', () => {
  test('takes an instance out of service and back', async () => {
    const [oldest] = await states('InService', 'InService', 'InService');
    const InstanceIds = [oldest?.InstanceId ?? ''];
    await small.autoscaling.send(
      new EnterStandbyCommand({ AutoScalingGroupName, InstanceIds, ShouldDecrementDesiredCapacity: true }),
    );
    await states('Standby', 'InService', 'InService');
    expect((await group()).DesiredCapacity).toBe(2);
    expect(await targetState(InstanceIds[0])).toBe('Standby');
    await small.autoscaling.send(new ExitStandbyCommand({ AutoScalingGroupName, InstanceIds }));
    await states('InService', 'InService', 'InService');
    expect((await group()).DesiredCapacity).toBe(3);
  });
});

function changeActions(change: (action: LifecycleAction) => LifecycleAction): void {
  const opened = openFolder(small.folder);
  const table = documents<LifecycleAction>(opened.database, 'autoscaling_actions');
  for (const action of table.all()) table.put(action.token, change(action));
  opened.close();
}

async function actions(): Promise<readonly LifecycleAction[]> {
  return documents<LifecycleAction>(small.home.context.database, 'autoscaling_actions').all();
}
