import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Group, type GroupMember, nextSteps } from '../../../../infra/local/autoscaling/group.ts';

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

  test('after its steps a group is at its capacity, and zones differ by one at most once it grew from balance', () => {
    const someMember = fc.record({ zone: fc.constantFrom(...zones), sick: fc.boolean(), gone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(someMember, { maxLength: 9 }), fc.integer({ min: 0, max: 9 }), (seeds, desired) => {
        const members = seeds.map(({ zone, sick, gone }, index) =>
          member(String(index), zone, {
            health: sick ? 'Unhealthy' : 'Healthy',
            lifecycleState: gone ? 'Terminating' : 'InService',
          }),
        );
        const { terminate, launch } = nextSteps(groupOf(desired), members);
        const live = members.filter(({ lifecycleState }) => lifecycleState === 'InService').length;
        expect(live - terminate.length + launch.length).toBe(desired);
      }),
    );
  });
});
