/** A rotation in two regions: one group after the other, each given back before the next one, home last. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RotationRecord } from '#etcd/record.ts';
import { type GroupState, stayingInAll } from '../../../tasks/plan/group.ts';
import { movedTo, nextGroup, rotatedGroup, settledInAll } from '../../../tasks/plan/rotatedGroups.ts';
import { beginning, rotationPlan } from '../../../tasks/plan/rotationPlan.ts';
import {
  goesOn,
  interfering,
  restorationOf,
  surplusInstance,
  withCurrent,
} from '../../../tasks/plan/rotationRecord.ts';
import { rotationStep } from '../../../tasks/plan/rotationStep.ts';
import { groupOf, instance, recordOf, reportsOf } from './rotationFacts.ts';

const now = '2026-01-02T00:00:00Z';
const request = { reason: 'new image', instances: 'all', pauseBetweenSeconds: 0, dryRun: true } as const;
const home = groupOf([instance('i-1', 'a'), instance('i-2', 'b'), instance('i-3', 'c')]);
const away = groupOf([instance('i-4', 'x'), instance('i-5', 'y')], {
  region: 'away',
  minSize: 0,
  maxSize: 8,
  desiredCapacity: 2,
});
const both = [home, away];

describe('two regions', () => {
  test('are rotated one after the other, home last, and the plan says so', () => {
    const reports = reportsOf(['i-1', 'i-2', 'i-3', 'i-4', 'i-5']);
    const plan = rotationPlan({ lock: null, holderEnded: false, groups: both, rotation: null, reports }, request);
    expect(plan.order.map(({ instanceId }) => instanceId)).toEqual(['i-4', 'i-5', 'i-2', 'i-3', 'i-1']);
    expect(plan.steps.filter((text) => text.startsWith('suspend'))).toEqual([
      expect.stringContaining('in away'),
      expect.stringContaining('in home'),
    ]);
    expect(plan.steps.filter((text) => text.startsWith('i-4'))[0]).toContain('from 2 to 3');
    expect(plan.steps.filter((text) => text.startsWith('i-1'))[0]).toContain('from 3 to 4');
  });

  test('a rotation that names no region is at home', () => {
    expect(rotatedGroup(recordOf(), both)).toBe(home);
    expect(rotatedGroup(null, both)).toBe(home);
    expect(rotatedGroup(recordOf({ region: 'away' }), both)).toBe(away);
    expect(() => rotatedGroup(recordOf({ region: 'gone' }), both)).toThrow('the rotation is in gone');
  });

  test('a successor in one region is not settled, and the members of the other one are', () => {
    const grown = { ...away, instances: [...away.instances, instance('i-6', 'z')], desiredCapacity: 3 };
    const current = { old: 'i-4', known: ['i-1', 'i-2', 'i-3', 'i-4', 'i-5'], beganAt: now };
    const record = recordOf({ region: 'away', desiredCapacity: 2, current });
    expect(settledInAll(record, [home, grown])).toEqual(['i-1', 'i-2', 'i-3', 'i-4', 'i-5']);
  });

  test('goes on in a region while somebody of it is left, and ends where nobody is', () => {
    const record = recordOf({ instances: ['i-1', 'i-4'], region: 'away' });
    expect(nextGroup(record, both)).toBe(away);
    expect(nextGroup(record, [home, { ...away, instances: [instance('i-5', 'y')] }])).toBe(home);
    expect(nextGroup(recordOf({ instances: ['i-9'] }), both)).toBeNull();
  });
});

/** A model of both groups: each action of the machine, with a crash possible after every one of them. */
class Regions {
  readonly terminated: string[] = [];
  readonly #groups: Map<string, GroupState>;
  #next = 100;

  constructor(groups: readonly GroupState[]) {
    this.#groups = new Map(groups.map((group) => [group.region, group]));
  }

  all(): readonly GroupState[] {
    return [...this.#groups.values()];
  }

  change(region: string, changes: Partial<GroupState>): void {
    this.#groups.set(region, { ...(this.#groups.get(region) as GroupState), ...changes });
  }

  launch(region: string): void {
    const { instances, desiredCapacity } = this.#groups.get(region) as GroupState;
    if (instances.length >= desiredCapacity) return;
    this.change(region, { instances: [...instances, instance(`i-${this.#next++}`)] });
  }

  terminate(region: string, instanceId: string): void {
    const { instances, desiredCapacity } = this.#groups.get(region) as GroupState;
    this.terminated.push(instanceId);
    this.change(region, {
      instances: instances.filter((one) => one.instanceId !== instanceId),
      desiredCapacity: desiredCapacity - 1,
    });
  }

  giveBack(record: RotationRecord): void {
    const group = rotatedGroup(record, this.all());
    const { resume, terminate, desiredCapacity } = restorationOf(record, group);
    const suspendedProcesses = group.suspendedProcesses.filter((process) => !resume.includes(process));
    this.change(group.region, { suspendedProcesses });
    if (terminate !== null) this.terminate(group.region, terminate);
    if (desiredCapacity !== null) this.change(group.region, { desiredCapacity });
  }
}

/** One execution; true where it came to its end, with the record as it left it. */
function execute(
  cloud: Regions,
  before: RotationRecord | null,
  token: number,
  crashed: () => boolean,
): { readonly record: RotationRecord; readonly ended: boolean } {
  const going = before !== null && goesOn(before, request, token - 1);
  const begin = { cluster: 'etcd', execution: `e${token}`, token, now, request, goesOn: going };
  let record = beginning(before, cloud.all(), begin);
  for (;;) {
    if (crashed()) return { record, ended: false };
    const group = rotatedGroup(record, cloud.all());
    const { region } = group;
    cloud.change(region, { suspendedProcesses: [...new Set([...group.suspendedProcesses, ...record.suspended])] });
    expect(cloud.all().filter(({ suspendedProcesses }) => suspendedProcesses.length > 1).length).toBeLessThan(2);
    const members = settledInAll(record, cloud.all());
    const step = rotationStep({ record, group, reports: reportsOf(members), now });
    record = step.record;
    if (crashed()) return { record, ended: false };
    if (step.step === 'done') {
      const other = nextGroup(record, cloud.all());
      cloud.giveBack(record);
      if (crashed()) return { record, ended: false };
      if (other === null) return { record: { ...record, restoredAt: now }, ended: true };
      record = movedTo(record, other);
      continue;
    }
    if (group.desiredCapacity < record.desiredCapacity + 1)
      cloud.change(region, { desiredCapacity: record.desiredCapacity + 1 });
    if (crashed()) return { record, ended: false };
    cloud.launch(region);
    const successor = surplusInstance(record, rotatedGroup(record, cloud.all()));
    expect(successor).not.toBeNull();
    if (record.current !== undefined) record = withCurrent(record, { ...record.current, successor: successor ?? '' });
    cloud.terminate(region, step.old);
  }
}

test('interrupted anywhere, replaces each instance once and gives both groups back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (crashes) => {
      const suspendedBefore = ['AZRebalance'];
      const cloud = new Regions([home, { ...away, suspendedProcesses: suspendedBefore }]);
      const original = stayingInAll(both).map(({ instanceId }) => instanceId);
      let at = 0;
      let record: RotationRecord | null = null;
      for (let token = 1; ; token++) {
        const done = execute(cloud, record, token, () => crashes[at++] === true);
        record = done.record;
        if (done.ended) break;
      }
      expect([...cloud.terminated].sort()).toEqual([...original].sort());
      expect(cloud.terminated.slice(0, 2).sort()).toEqual(['i-4', 'i-5']);
      const [first, second] = cloud.all();
      expect(first).toMatchObject({ desiredCapacity: 3, suspendedProcesses: [] });
      expect(second).toMatchObject({ desiredCapacity: 2, suspendedProcesses: suspendedBefore });
      expect(interfering.length).toBeGreaterThan(1);
    }),
  );
});
