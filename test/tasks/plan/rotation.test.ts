/** What a rotation notes, decides and puts back, through every way it may be interrupted. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RotationRecord } from '#etcd/record.ts';
import type { GroupState } from '../../../tasks/plan/group.ts';
import { rotationPlan, unknownInstances } from '../../../tasks/plan/rotationPlan.ts';
import {
  begunRotation,
  goesOn,
  interfering,
  notedReplacement,
  restorationOf,
  settledInstances,
  surplusInstance,
  withCurrent,
} from '../../../tasks/plan/rotationRecord.ts';
import { rotationOrder, rotationStep } from '../../../tasks/plan/rotationStep.ts';
import { groupOf, instance, recordOf, reportsOf, whole } from './rotationFacts.ts';

const names = ['i-1', 'i-2', 'i-3'];
const now = '2026-01-02T00:00:00Z';
const current = { old: 'i-1', known: names, beganAt: 'then' };
const grown = groupOf([...whole.instances, instance('i-4', 'a')], { desiredCapacity: 4 });
const begin = (changes: object = {}) => ({
  cluster: 'etcd',
  execution: 'second',
  token: 2,
  now,
  request: { reason: 'new image', instances: 'all' as const },
  goesOn: false,
  ...changes,
});

/** In one region. */
const beginningOf = (previous: RotationRecord | null, group: GroupState, beginning: ReturnType<typeof begin>) =>
  begunRotation(previous, { group, settled: settledInstances(previous, group) }, beginning);

describe('the beginning', () => {
  test('notes all that are there, the capacity, and what is suspended now and was not before', () => {
    const group = { ...whole, suspendedProcesses: ['AZRebalance'] };
    expect(beginningOf(null, group, begin())).toMatchObject({
      token: 2,
      instances: names,
      desiredCapacity: 3,
      suspended: interfering.filter((process) => process !== 'AZRebalance'),
      replaced: [],
    });
  });

  test('takes over what an earlier one has not put back: the group does not say any more how it was', () => {
    const previous = recordOf({ suspended: [...interfering], current });
    const group = { ...grown, suspendedProcesses: [...interfering] };
    const record = beginningOf(previous, group, begin({ request: { reason: 'other', instances: 'all' } }));
    expect(record).toMatchObject({ desiredCapacity: 3, suspended: interfering, current, instances: names });
  });

  test('does not take over what was put back', () => {
    const previous = recordOf({ suspended: [...interfering], current, restoredAt: 'then', desiredCapacity: 5 });
    const record = beginningOf(previous, { ...whole, suspendedProcesses: [...interfering] }, begin());
    expect(record).toMatchObject({ desiredCapacity: 3, suspended: [] });
    expect(record.current).toBeUndefined();
  });

  test('goes on with the list of the earlier one: an instance is not replaced again', () => {
    const replaced = [{ old: 'i-1', successor: 'i-4', beganAt: 'a', endedAt: 'b' }];
    const previous = recordOf({ replaced });
    const group = groupOf([instance('i-2'), instance('i-3'), instance('i-4')]);
    const record = beginningOf(previous, group, begin({ goesOn: true }));
    expect(record).toMatchObject({ instances: names, replaced, beganAt: previous.beganAt, token: 2 });
    expect(rotationOrder(record, group, null)).toEqual(['i-2', 'i-3']);
  });

  test('keeps the capacity within what a deployment made of the bounds meanwhile', () => {
    const group = groupOf(whole.instances, { minSize: 5, maxSize: 6, desiredCapacity: 5 });
    expect(beginningOf(recordOf(), group, begin()).desiredCapacity).toBe(5);
  });
});

describe('a request with the reason of an earlier rotation', () => {
  const done = names.map((old) => ({ old, successor: null, beganAt: '', endedAt: '' }));
  test.each<[string, RotationRecord | null, number | null, boolean]>([
    ['there was none', null, null, false],
    ['it had another reason', recordOf({ reason: 'other' }), null, false],
    ['it was interrupted', recordOf(), null, true],
    ['it failed and the group was put back', recordOf({ restoredAt: 'then' }), null, true],
    ['it ended', recordOf({ restoredAt: 'then', replaced: done }), null, false],
    ['it ended, but for its lock', recordOf({ restoredAt: 'then', replaced: done }), 1, true],
    ['it ended, and the lock is of a later one', recordOf({ restoredAt: 'then', replaced: done }), 2, false],
  ])('%s', (_, previous, heldToken, expected) => {
    expect(goesOn(previous, { reason: 'new image' }, heldToken)).toBe(expected);
  });
});

describe('the successor', () => {
  test('is whoever was not there before, while the group has one more than it should', () => {
    const record = recordOf({ current });
    expect(surplusInstance(record, grown)).toBe('i-4');
    expect(settledInstances(record, grown)).toEqual(names);
    expect(surplusInstance(record, { ...grown, desiredCapacity: 3 })).toBeNull();
    expect(surplusInstance(recordOf(), grown)).toBeNull();
    expect(surplusInstance({ ...record, restoredAt: now }, grown)).toBeNull();
  });
});

describe('the order', () => {
  test('has the leader last, and among followers those of the fullest zone first', () => {
    const group = groupOf([instance('i-1', 'a'), instance('i-2', 'b'), instance('i-3', 'a')]);
    expect(rotationOrder(recordOf(), group, 'i-1')).toEqual(['i-3', 'i-2', 'i-1']);
    expect(rotationOrder(recordOf(), group, 'i-2')).toEqual(['i-1', 'i-3', 'i-2']);
    expect(rotationOrder(recordOf(), group, null)).toHaveLength(3);
  });

  test('leaves out who is gone, goes, or was not asked for', () => {
    const group = groupOf([instance('i-1'), instance('i-2', 'b', 'Terminating:Wait'), instance('i-9')]);
    expect(rotationOrder(recordOf({ instances: ['i-2', 'i-1', 'i-3'] }), group, null)).toEqual(['i-1']);
  });
});

describe('the next step', () => {
  const step = (record: RotationRecord, group: GroupState, members: readonly string[], lists = members) =>
    rotationStep({ record, group, reports: reportsOf(members, { lists, leader: 'i-1' }), now });

  test('replaces a follower through a member that stays', () => {
    const next = step(recordOf(), whole, names);
    expect(next).toMatchObject({ step: 'replace', old: 'i-2', witness: 'i-1' });
    expect(next.record.current).toEqual({ old: 'i-2', known: names, beganAt: now });
  });

  test('goes on with the successor that an earlier execution asked for', () => {
    const next = step(recordOf({ current: { ...current, old: 'i-2' } }), grown, names, [...names, 'i-4']);
    expect(next).toMatchObject({ step: 'replace', old: 'i-2' });
    expect(next.record.current).toEqual({ old: 'i-2', known: names, successor: 'i-4', beganAt: 'then' });
  });

  test('does not take a member that leaves for the successor', () => {
    const group = groupOf([...whole.instances, instance('i-4', 'a', 'Terminating:Wait')]);
    const restored = recordOf({ current: { ...current, old: 'i-2', successor: 'i-4' }, restoredAt: 'then' });
    for (const record of [recordOf(), restored]) {
      const next = step(record, group, names, [...names, 'i-4', 'i-5']);
      expect(next).toMatchObject({ step: 'replace', old: 'i-2', witness: 'i-1' });
      expect(next.record.current?.known).toEqual([...names, 'i-4', 'i-5']);
      expect(next.record.current).not.toHaveProperty('successor');
    }
  });

  test('waits for a member that leaves, seen by its successor', () => {
    const group = groupOf([instance('i-1', 'a', 'Terminating:Wait'), ...grown.instances.slice(1)]);
    const record = recordOf({ current: { ...current, successor: 'i-4' } });
    const staying = ['i-2', 'i-3', 'i-4'];
    expect(step(record, group, staying, ['i-1', ...staying])).toMatchObject({
      step: 'leave',
      old: 'i-1',
      witness: 'i-4',
    });
  });

  test('notes a replacement whose end nobody noted, and goes on', () => {
    const group = groupOf(grown.instances.slice(1));
    const record = recordOf({ current: { ...current, successor: 'i-4' } });
    const next = step(record, group, ['i-2', 'i-3', 'i-4']);
    expect(next).toMatchObject({ step: 'replace', old: 'i-2' });
    expect(next.record.replaced).toEqual([{ old: 'i-1', successor: 'i-4', beganAt: 'then', endedAt: now }]);
  });

  test('is none where all are replaced', () => {
    const group = groupOf([instance('i-4'), instance('i-5'), instance('i-6')]);
    const next = step(recordOf(), group, ['i-4', 'i-5', 'i-6']);
    expect(next).toEqual({ step: 'done', record: recordOf() });
  });

  test('has the only member see its own successor', () => {
    const group = groupOf([instance('i-1')], { minSize: 1, maxSize: 2, desiredCapacity: 1 });
    const next = step(recordOf({ instances: ['i-1'], desiredCapacity: 1 }), group, ['i-1']);
    expect(next).toMatchObject({ step: 'replace', old: 'i-1', witness: 'i-1' });
  });
});

describe('the restoration', () => {
  const suspendedProcesses = ['AZRebalance', 'HealthCheck'];

  test('resumes what the rotation suspended and nothing else', () => {
    expect(restorationOf(recordOf(), { ...whole, suspendedProcesses })).toEqual({
      resume: ['AZRebalance'],
      terminate: null,
      desiredCapacity: null,
    });
  });

  test('terminates the successor too many, rather than letting Auto Scaling choose', () => {
    expect(restorationOf(recordOf({ current }), grown)).toMatchObject({ terminate: 'i-4', desiredCapacity: null });
  });

  test('sets the capacity where no successor has come up', () => {
    const group = { ...whole, desiredCapacity: 4 };
    expect(restorationOf(recordOf({ current }), group)).toMatchObject({ terminate: null, desiredCapacity: 3 });
  });

  test('never leaves another capacity than the wanted one', () => {
    const any = fc.record({
      desiredCapacity: fc.integer({ min: 3, max: 4 }),
      extra: fc.boolean(),
      noted: fc.boolean(),
    });
    fc.assert(
      fc.property(any, ({ desiredCapacity, extra, noted }) => {
        const instances = extra ? grown.instances : whole.instances;
        const record = noted ? withCurrent(recordOf(), current) : recordOf();
        const { terminate, desiredCapacity: set } = restorationOf(record, groupOf(instances, { desiredCapacity }));
        expect(set ?? desiredCapacity - (terminate === null ? 0 : 1)).toBe(3);
        if (terminate !== null) expect(names).not.toContain(terminate);
      }),
    );
  });
});

describe('a dry run', () => {
  const facts = { lock: null, holderEnded: false, groups: [whole], rotation: null, reports: reportsOf(names) };
  const request = { reason: 'new image', instances: 'all', pauseBetweenSeconds: 0, dryRun: true } as const;

  test('says the order and each step', () => {
    const plan = rotationPlan(facts, request);
    expect(plan.order).toEqual([
      { instanceId: 'i-2', zone: 'b', leads: false },
      { instanceId: 'i-3', zone: 'c', leads: false },
      { instanceId: 'i-1', zone: 'a', leads: true },
    ]);
    expect(plan.steps[4]).toContain('i-1 (leads now): raise the desired capacity from 3 to 4');
    expect(plan).toMatchObject({ goesOnWith: null, alreadyReplaced: [] });
  });

  test('says what an earlier rotation has done already', () => {
    const replaced = [{ old: 'i-0', successor: 'i-3', beganAt: '', endedAt: '' }];
    const rotation = recordOf({ instances: ['i-0', 'i-1'], replaced, restoredAt: 'then' });
    const plan = rotationPlan({ ...facts, rotation }, request);
    expect(plan).toMatchObject({ goesOnWith: rotation.beganAt, alreadyReplaced: ['i-0'] });
    expect(plan.order.map(({ instanceId }) => instanceId)).toEqual(['i-1']);
  });

  test('names instances that the group does not have', () => {
    const named = (instances: readonly string[]) => unknownInstances(facts, { ...request, instances });
    expect(named(['i-1'])).toBeNull();
    expect(named(['i-1', 'i-9'])).toContain('instances has i-9, not in the group members; allowed: i-1, i-2, i-3');
    const rotation = recordOf({ instances: ['i-9'] });
    expect(unknownInstances({ ...facts, rotation }, { ...request, instances: ['i-9'] })).toBeNull();
  });
});

/** A model of the group and its members: each action of the machine, with a crash possible after every one of them. */
describe('interrupted anywhere, any number of times', () => {
  test('replaces each instance exactly once, never has more than one too many, and ends with the capacity it had', () => {
    const sizes = fc.constantFrom(1, 3, 5, 7);
    fc.assert(
      fc.property(
        sizes,
        fc.array(fc.boolean(), { maxLength: 80 }),
        fc.infiniteStream(fc.nat()),
        (size, crashes, chance) => {
          const zones = ['a', 'b', 'c'];
          let next = size;
          let crashAt = 0;
          let instances = Array.from({ length: size }, (_, index) => instance(`i-${index}`, zones[index % 3]));
          const original = instances.map(({ instanceId }) => instanceId);
          let desired = size;
          let record: RotationRecord | null = null;
          const terminated: string[] = [];
          const group = () => groupOf(instances, { minSize: size, maxSize: size + 1, desiredCapacity: desired });
          const crashed = () => crashes[crashAt++] === true;
          const attempt = (token: number): boolean => {
            const going: boolean = record !== null && goesOn(record, { reason: 'new image' }, token - 1);
            record = beginningOf(record, group(), begin({ token, goesOn: going }));
            for (;;) {
              if (crashed()) return false;
              const members = settledInstances(record, group());
              const leader = members[(chance.next().value ?? 0) % members.length] ?? '';
              const step = rotationStep({ record, group: group(), reports: reportsOf(members, { leader }), now });
              record = step.record;
              if (step.step === 'done') break;
              const remaining = rotationOrder(record, group(), leader);
              expect(step.old === leader ? remaining : [step.old]).toEqual([step.old]);
              if (crashed()) return false;
              if (desired < record.desiredCapacity + 1) desired = record.desiredCapacity + 1;
              expect(desired).toBeLessThanOrEqual(size + 1);
              if (crashed()) return false;
              if (instances.length < desired) instances = [...instances, instance(`i-${next++}`, 'a')];
              if (crashed()) return false;
              const successor = surplusInstance(record, group());
              expect(successor).not.toBeNull();
              record = withCurrent(record, { ...(record.current ?? current), successor: successor ?? '' });
              terminated.push(step.old);
              instances = instances.filter(({ instanceId }) => instanceId !== step.old);
              desired -= 1;
              expect(instances.length).toBeGreaterThanOrEqual(size);
              if (crashed()) return false;
              record = notedReplacement(record, now);
            }
            const { terminate, desiredCapacity } = restorationOf(record, group());
            expect([terminate, desiredCapacity]).toEqual([null, null]);
            record = { ...record, restoredAt: now };
            return !crashed();
          };
          let token = 1;
          while (!attempt(token)) token++;
          expect(terminated.toSorted()).toEqual(original.toSorted());
          expect(desired).toBe(size);
          expect(instances).toHaveLength(size);
        },
      ),
      { numRuns: 500 },
    );
  });
});
