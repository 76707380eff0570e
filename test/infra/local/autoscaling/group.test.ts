import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Group,
  type GroupMember,
  type LifecycleState,
  nextSteps,
  scalingProcesses,
} from '../../../../infra/local/autoscaling/group.ts';

const zones = ['a', 'b', 'c'];

function groupOf(desiredCapacity: number, deleting = false): Group {
  return {
    name: 'etcd',
    arn: 'arn',
    minSize: 0,
    maxSize: 9,
    desiredCapacity,
    subnets: zones.map((zone) => ({ zone, subnetId: `subnet-${zone}`, vpcId: 'vpc' })),
    launchTemplate: { id: 'lt', name: 'etcd', version: '1' },
    tags: {},
    createdAt: '2026-01-01T00:00:00Z',
    deleting,
  };
}

function member(instanceId: string, zone: string, changes: Partial<GroupMember> = {}): GroupMember {
  const launchTemplate = { id: 'lt', name: 'etcd', version: '1' };
  return {
    instanceId,
    group: 'etcd',
    zone,
    lifecycleState: 'InService',
    health: 'Healthy',
    instanceType: 'm6i.large',
    launchTemplate,
    ...changes,
  };
}

describe('nextSteps', () => {
  test('an empty group of three launches one in each zone', () => {
    expect(nextSteps(groupOf(3), [])).toEqual({ terminate: [], launch: ['a', 'b', 'c'] });
  });

  test('a lost instance is replaced in its zone', () => {
    const members = [member('1', 'a'), member('2', 'b', { lifecycleState: 'Terminating' }), member('3', 'c')];
    expect(nextSteps(groupOf(3), members)).toEqual({ terminate: [], launch: ['b'] });
  });

  test('an unhealthy instance goes and is replaced', () => {
    const members = [member('1', 'a'), member('2', 'b', { health: 'Unhealthy' }), member('3', 'c')];
    const next = nextSteps(groupOf(3), members);
    expect(next.terminate.map(({ instanceId }) => instanceId)).toEqual(['2']);
    expect(next.launch).toEqual(['b']);
  });

  test('a surplus goes from the fullest zone, oldest first', () => {
    const members = [member('1', 'a'), member('2', 'a'), member('3', 'b')];
    expect(nextSteps(groupOf(2), members).terminate).toEqual([{ instanceId: '1', cause: 'the desired capacity is 2' }]);
  });

  test('a deleted group ends all', () => {
    expect(nextSteps(groupOf(1, true), [member('1', 'a')]).terminate).toHaveLength(1);
  });

  test('a deleted group ends all, whatever is suspended', () => {
    const suspendedProcesses = scalingProcesses.map((name) => ({ name, reason: 'a test' }));
    const members = [member('1', 'a'), member('2', 'b', { lifecycleState: 'Standby' })];
    expect(nextSteps({ ...groupOf(1, true), suspendedProcesses }, members).terminate).toHaveLength(2);
  });

  const states: LifecycleState[] = ['Pending', 'Pending:Wait', 'Pending:Proceed', 'InService'];
  const notLive: LifecycleState[] = ['Standby', 'Terminating', 'Terminating:Wait', 'Terminating:Proceed'];
  const someMember = fc.record({
    zone: fc.constantFrom(...zones),
    sick: fc.boolean(),
    lifecycleState: fc.constantFrom(...states, ...notLive),
  });
  const someGroup = fc.record({
    desired: fc.integer({ min: 0, max: 9 }),
    suspended: fc.subarray([...scalingProcesses]),
    seeds: fc.array(someMember, { maxLength: 9 }),
  });

  test('after its steps a group is at its capacity, as far as its processes are not suspended', () => {
    fc.assert(
      fc.property(someGroup, ({ desired, suspended, seeds }) => {
        const members = seeds.map(({ zone, sick, lifecycleState }, index) =>
          member(String(index), zone, { health: sick ? 'Unhealthy' : 'Healthy', lifecycleState }),
        );
        const suspendedProcesses = suspended.map((name) => ({ name, reason: 'a test' }));
        const { terminate, launch } = nextSteps({ ...groupOf(desired), suspendedProcesses }, members);
        const live = members.filter(({ lifecycleState }) => states.includes(lifecycleState));
        const liveIds = live.map(({ instanceId }) => instanceId);
        expect(liveIds).toEqual(expect.arrayContaining(terminate.map(({ instanceId }) => instanceId)));
        const after = live.length - terminate.length + launch.length;
        if (suspended.includes('Terminate')) expect(terminate).toEqual([]);
        else expect(after).toBeLessThanOrEqual(desired);
        if (suspended.includes('Launch')) expect(launch).toEqual([]);
        else expect(after).toBeGreaterThanOrEqual(desired);
      }),
    );
  });
});
