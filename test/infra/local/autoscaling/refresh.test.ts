/** How far an instance refresh goes at a time: every preference, in a group whose instances come and go by themselves. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Group, type GroupMember, isLive, nextSteps } from '../../../../infra/local/autoscaling/group.ts';
import { isActive, progressOf, refreshStep } from '../../../../infra/local/autoscaling/refresh.ts';
import { type RefreshInput, refreshFrom } from '../../../../infra/local/autoscaling/refreshRequest.ts';

const launchTemplate = { id: 'lt', name: 'etcd', version: '2' };

function groupOf(desiredCapacity: number, changes: Partial<Group> = {}): Group {
  return {
    name: 'etcd',
    arn: 'arn',
    minSize: 0,
    maxSize: 9,
    desiredCapacity,
    subnets: ['a', 'b', 'c'].map((zone) => ({ zone, subnetId: `subnet-${zone}`, vpcId: 'vpc' })),
    launchTemplate,
    tags: {},
    createdAt: '2026-01-01T00:00:00Z',
    deleting: false,
    ...changes,
  };
}

function membersOf(count: number, version = '1'): GroupMember[] {
  return Array.from({ length: count }, (_, index) => ({
    instanceId: `${version}-${index}`,
    group: 'etcd',
    zone: 'a',
    lifecycleState: 'InService',
    health: 'Healthy',
    instanceType: 'm6i.large',
    launchTemplate: { ...launchTemplate, version },
  }));
}

interface Course {
  readonly old: number;
  /** Fewest and most instances in service and warm, and most at all, at any time. */
  readonly fewest: number;
  readonly most: number;
  readonly seconds: number;
}

/** Runs a refresh to its end. Instances are in service two turns after they were launched; a turn takes a second. */
function course(group: Group, start: readonly GroupMember[], Preferences: RefreshInput['Preferences']): Course {
  let refresh = refreshFrom({ Preferences: Preferences ?? {} }, group, start, 'r', 0);
  let members = [...start];
  let [fewest, most, seconds] = [start.length, start.length, 0];
  for (let launched = 0; isActive(refresh); seconds++) {
    if (seconds > 1_000) throw new Error(`no end: ${JSON.stringify({ refresh, members })}`);
    const step = refreshStep(refresh, group, members, seconds * 1000 + 1);
    refresh = step.refresh;
    members = members.filter(({ instanceId }) => !step.terminate.includes(instanceId));
    const { terminate, launch } = nextSteps(group, members, step.surge);
    members = members.filter(({ instanceId }) => !terminate.some((one) => one.instanceId === instanceId));
    members = members.map((member) =>
      member.lifecycleState === 'InService' ? member : { ...member, lifecycleState: 'InService' },
    );
    for (const zone of launch) {
      const [like] = membersOf(1, group.launchTemplate.version);
      if (like) members.push({ ...like, zone, instanceId: `new-${launched++}`, lifecycleState: 'Pending' });
    }
    const old = members.filter(({ instanceId }) => refresh.targets.includes(instanceId)).length;
    const { percentageComplete, instancesToUpdate } = progressOf(refresh, members, seconds * 1000 + 1);
    expect(instancesToUpdate).toBeGreaterThanOrEqual(old);
    expect(percentageComplete).toBeLessThanOrEqual(100);
    const inService = members.filter(({ lifecycleState }) => lifecycleState === 'InService').length;
    fewest = Math.min(fewest, inService);
    most = Math.max(most, members.filter(isLive).length);
  }
  expect(refresh.status).toBe('Successful');
  expect(members).toHaveLength(group.desiredCapacity);
  return {
    old: members.filter(({ instanceId }) => refresh.targets.includes(instanceId)).length,
    fewest,
    most,
    seconds,
  };
}

describe('an instance refresh', () => {
  test.each<[string, number, RefreshInput['Preferences'], { fewest: number; most: number }]>([
    ['by default, one out of three while its successor comes', 3, undefined, { fewest: 2, most: 3 }],
    ['with at least half, two out of five', 5, { MinHealthyPercentage: 50 }, { fewest: 3, most: 5 }],
    ['with at least none, all at once', 4, { MinHealthyPercentage: 0 }, { fewest: 0, most: 4 }],
    [
      'of 100 to 110, the successor first',
      3,
      { MinHealthyPercentage: 100, MaxHealthyPercentage: 110 },
      { fewest: 3, most: 4 },
    ],
    [
      'of 100 to 100, the successor first too, as nothing else is possible',
      3,
      { MinHealthyPercentage: 100, MaxHealthyPercentage: 100 },
      { fewest: 3, most: 4 },
    ],
    [
      'of 100 to 200, all successors first',
      3,
      { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 },
      { fewest: 3, most: 6 },
    ],
  ])('%s', (_what, size, preferences, wanted) => {
    expect(course(groupOf(size), membersOf(size), preferences)).toMatchObject({ ...wanted, old: 0 });
  });

  test('waits for each successor as long as it warms up', () => {
    const [cold, warm] = [0, 60].map((InstanceWarmup) => course(groupOf(3), membersOf(3), { InstanceWarmup }).seconds);
    expect(warm).toBeGreaterThanOrEqual((cold ?? 0) + 3 * 59);
  });

  test('replaces only what does not match, where it skips the rest', () => {
    const some = [...membersOf(2, '1'), ...membersOf(1, '2')];
    const refresh = refreshFrom({ Preferences: { SkipMatching: true } }, groupOf(3), some, 'r', 0);
    expect(refresh.targets).toEqual(['1-0', '1-1']);
    expect(course(groupOf(3), some, { SkipMatching: true })).toMatchObject({ old: 0, fewest: 2 });
    expect(course(groupOf(3), membersOf(3, '2'), { SkipMatching: true, InstanceWarmup: 60 }).seconds).toBe(1);
  });

  test('rests while it is suspended, and takes nothing back', () => {
    const suspended = groupOf(3, { suspendedProcesses: [{ name: 'InstanceRefresh', reason: 'a test' }] });
    const members = [...membersOf(3), ...membersOf(1, '2')];
    const preferences = { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 };
    const refresh = refreshFrom({ Preferences: preferences }, groupOf(3), membersOf(3), 'r', 0);
    expect(refreshStep(refresh, suspended, members, 1)).toMatchObject({
      refresh: { status: 'Pending' },
      terminate: [],
      surge: 1,
    });
  });

  test('ends, and never has fewer or more instances than its preferences say', () => {
    const preferences = fc.record(
      {
        MinHealthyPercentage: fc.integer({ min: 0, max: 100 }),
        above: fc.integer({ min: 0, max: 100 }),
        InstanceWarmup: fc.integer({ min: 0, max: 5 }),
      },
      { requiredKeys: ['MinHealthyPercentage'] },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), preferences, (size, { above, ...rest }) => {
        const max = above === undefined ? undefined : Math.max(100, rest.MinHealthyPercentage + above);
        const given = { ...rest, ...(max !== undefined && { MaxHealthyPercentage: max }) };
        const { old, fewest, most } = course(groupOf(size), membersOf(size), given);
        const least = Math.ceil((size * rest.MinHealthyPercentage) / 100);
        expect(old).toBe(0);
        expect(fewest).toBeGreaterThanOrEqual(max === undefined ? Math.min(least, size - 1) : least);
        expect(most).toBeLessThanOrEqual(Math.max(Math.floor((size * (max ?? 100)) / 100), size + (max ? 1 : 0)));
      }),
    );
  });

  test.each<[RefreshInput, string]>([
    [{ Strategy: 'ReplaceRootVolume' }, "Strategy is 'ReplaceRootVolume'; allowed: Rolling"],
    [{ DesiredConfiguration: {} }, 'DesiredConfiguration'],
    [{ Preferences: { CheckpointDelay: 1 } }, 'CheckpointDelay'],
    [{ Preferences: { MaxHealthyPercentage: 110 } }, 'MaxHealthyPercentage'],
    [{ Preferences: { MinHealthyPercentage: 0, MaxHealthyPercentage: 101 } }, 'MaxHealthyPercentage'],
    [{ Preferences: { MinHealthyPercentage: 101 } }, "MinHealthyPercentage is '101'; allowed: 0 to 100"],
    [{ Preferences: { InstanceWarmup: -1 } }, 'InstanceWarmup'],
  ])('%j is refused by name', (input, message) => {
    expect(() => refreshFrom(input, groupOf(3), [], 'r', 0)).toThrow(message);
  });
});
