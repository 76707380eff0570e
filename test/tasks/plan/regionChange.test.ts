/** What MultiregionMigration is asked, plans and does next, through every way it may be interrupted or turned round. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quorum } from '#etcd/membership.ts';
import type { RegionChangeRecord } from '#etcd/record.ts';
import type { CheckedRegionChange } from '../../../tasks/catalogue.ts';
import { type GroupState, stayingInAll } from '../../../tasks/plan/group.ts';
import { probesOf } from '../../../tasks/plan/probes.ts';
import { begunChange, nextSteps, planAbandonment, planRegionChange } from '../../../tasks/plan/regionChange.ts';
import { type Layout, layoutRefusal, toleranceOf } from '../../../tasks/plan/regionLayout.ts';
import { chooseMove } from '../../../tasks/plan/regionMove.ts';
import { checkRegionChange } from '../../../tasks/plan/regionRequest.ts';
import { judgeRoundTrips } from '../../../tasks/plan/timing.ts';
import { changeRecord, groupIn } from './regionFacts.ts';
import { instance, reportsOf } from './rotationFacts.ts';

const home = groupIn('home', ['i-1', 'i-2', 'i-3', 'i-4', 'i-5']);
const away = groupIn('away', []);
const add = { addRegion: 'eu-west-1', homeMembers: 4, remoteMembers: 1 };
const request = (changes: Partial<CheckedRegionChange> = {}): CheckedRegionChange => ({
  ...checkRegionChange(add),
  region: 'away',
  ...changes,
});
describe('a request', () => {
  test.each([
    [add, { action: 'add', region: 'eu-west-1', homeMembers: 4, remoteMembers: 1, dryRun: false, maxRoundTripMs: 200 }],
    [
      { leaveRegion: 'eu-west-1', homeMembers: 5 },
      { action: 'leave', homeMembers: 5, remoteMembers: 0 },
    ],
    [{ action: 'rollBack' }, { action: 'rollBack', region: '' }],
  ])('%j is taken', (input, checked) => expect(checkRegionChange(input)).toMatchObject(checked));

  test.each([
    ['nothing', {}, 'addRegion is missing'],
    ['a list', [], 'input must be an object'],
    ['an unknown field', { ...add, regions: 2 }, 'regions is an unknown field'],
    ['a region that is none', { ...add, addRegion: 'Ireland' }, 'addRegion must be the name of a region'],
    ['both ways', { ...add, leaveRegion: 'eu-west-1' }, 'addRegion does not go with leaveRegion'],
    ['no number at home', { addRegion: 'eu-west-1', remoteMembers: 1 }, 'homeMembers is missing'],
    ['half a member', { ...add, homeMembers: 3.5 }, 'homeMembers must be a whole number from 1 to 7'],
    [
      'as many there as at home',
      { ...add, homeMembers: 3, remoteMembers: 3 },
      'remoteMembers would take the quorum from home',
    ],
    ['fewer at home', { ...add, homeMembers: 2, remoteMembers: 3 }, 'remoteMembers would take the quorum from home'],
    ['too many', { ...add, homeMembers: 7, remoteMembers: 1 }, 'remoteMembers makes 8 members'],
    [
      'members where it leaves',
      { leaveRegion: 'eu-west-1', homeMembers: 5, remoteMembers: 1 },
      'remoteMembers does not go',
    ],
    [
      'an even number in one region',
      { leaveRegion: 'eu-west-1', homeMembers: 4 },
      'homeMembers must be 1, 3, 5 or 7 where all members are in one region',
    ],
    ['an action with a region', { action: 'resume', addRegion: 'eu-west-1' }, 'addRegion does not go with the action'],
    ['an unknown action', { action: 'undo' }, 'action must be "resume" or "rollBack" or "abandon"'],
    [
      'a distance to the moon',
      { ...add, maxRoundTripMs: 2_500 },
      'maxRoundTripMs must be a whole number from 1 to 1000',
    ],
  ])('with %s is refused by its field', (_, input, why) => expect(() => checkRegionChange(input)).toThrow(why));
});

describe('the plan', () => {
  const planOf = (changes: Partial<CheckedRegionChange>, before: RegionChangeRecord | null = null) =>
    planRegionChange({ cluster: 'etcd', groups: [home, away], record: before }, request(changes));

  test('says each step, and what the loss of a region means then', () => {
    const planned = planOf({});
    expect(planned).toMatchObject({ verdict: 'planned', plan: { from: { home: 5, remote: 0 }, enables: true } });
    if (planned.verdict === 'refused') throw new Error('refused');
    expect(planned.plan.steps).toEqual([
      expect.stringContaining('No instance is replaced to make ready'),
      expect.stringContaining('Enable away'),
      expect.stringContaining('Measure the round trips'),
      expect.stringContaining('no instance is replaced'),
      'A member joins in away: 6 members, of which 2 may fail.',
      'A member leaves in home, its instance is terminated: 5 members, of which 2 may fail.',
    ]);
    expect(planned.plan.losses[1]).toContain('if home is lost, 1 of 5 members are left');
  });

  test('refuses a region that was not deployed, and to go on with what was never begun', () => {
    expect(planOf({ region: 'us-east-1' })).toMatchObject({
      verdict: 'refused',
      reasons: [expect.stringContaining('set etcd-appliance.regions and deploy')],
    });
    expect(planOf({ action: 'resume' })).toMatchObject({
      verdict: 'refused',
      reasons: ['there is nothing to resume: no change of regions was halted'],
    });
    expect(planOf({ action: 'rollBack' }, changeRecord({ endedAt: 'now' }))).toMatchObject({ verdict: 'refused' });
  });

  test('goes on to where it was going, or back to where it came from', () => {
    const going = changeRecord({ to: { home: 3, remote: 2 } });
    expect(planOf({ action: 'resume' }, going)).toMatchObject({ plan: { to: { home: 3, remote: 2 }, enables: true } });
    expect(planOf({ action: 'rollBack' }, going)).toMatchObject({
      plan: { to: { home: 5, remote: 0 }, enables: false },
    });
  });

  test('leaves to the operator what the deployment has to say', () => {
    expect(nextSteps(changeRecord())[0]).toContain('[{"region":"home","members":4},{"region":"away","members":1}]');
    const [first, second] = nextSteps(changeRecord({ to: { home: 5, remote: 0 } }));
    // Without the setting the other stacks are none of the app's any more, and could not be named.
    expect(first).toContain('delete the stack of away, then that of the peering, while the settings still have both');
    expect(second).toContain('take etcd-appliance.regions out of the settings');
  });

  test('to abandon needs no group where the record says what is given up', () => {
    const plan = planAbandonment('etcd', changeRecord(), null);
    expect(plan).toMatchObject({ action: 'abandon', remote: 'away', from: { home: 5, remote: 0 }, enables: false });
    if (plan === null) throw new Error('nothing');
    const begun = begunChange(changeRecord(), plan, { execution: 'e', token: 2, now: '' });
    expect(begun).toMatchObject({ token: 2, from: { home: 5, remote: 0 }, to: { home: 4, remote: 1 } });
  });

  test('to abandon is one as well where only the lock was left behind, and none where not even that', () => {
    for (const before of [null, changeRecord({ endedAt: 'now' })]) {
      expect(planAbandonment('etcd', before, { groups: [home, away] })).toMatchObject({
        ...{ home: 'home', remote: 'away', from: { home: 5, remote: 0 }, to: { home: 5, remote: 0 } },
      });
      expect(planAbandonment('etcd', before, null)).toBeNull();
    }
  });
});

test('one instance of each region measures all of the other one', () => {
  const at = (instanceId: string, zone: string, address: string) => ({ instanceId, zone, address });
  const placed = [at('i-2', 'eu-west-1b', '1.2'), at('i-1', 'eu-west-1a', '1.1'), at('i-3', 'eu-central-1a', '2.1')];
  expect(probesOf(placed)).toEqual([
    { instanceId: 'i-1', addresses: ['2.1'] },
    { instanceId: 'i-3', addresses: ['1.2', '1.1'] },
  ]);
  expect(probesOf(placed.slice(0, 2))).toEqual([]);
});

describe('measured round trips', () => {
  const measured = (...ms: (number | null)[]) => [
    { member: 'i-1', roundTrips: ms.map((one, index) => ({ address: `10.0.0.${index}`, ms: one })) },
  ];
  test('become a timing', () => {
    expect(judgeRoundTrips(measured(20, 80), 200)).toMatchObject({
      roundTripMs: 80,
      timing: { heartbeatIntervalMs: 150 },
    });
    expect(judgeRoundTrips([], 200)).toMatchObject({ timing: { heartbeatIntervalMs: 100, electionTimeoutMs: 1000 } });
  });
  test('that are too long, or missing, are told with whom it concerns', () => {
    expect(judgeRoundTrips(measured(230), 200)).toMatchObject({ problems: [expect.stringContaining('230 ms')] });
    expect(judgeRoundTrips(measured(5, null), 200)).toMatchObject({
      problems: ['i-1 does not reach 10.0.0.1', expect.stringContaining('security groups')],
    });
  });
});

/** A model of both groups and of the members, for one action of the machine after the other. */
class Cloud {
  readonly #groups = new Map<string, GroupState>();
  members: string[];
  #next = 100;

  constructor(groups: readonly GroupState[]) {
    for (const group of groups) this.#groups.set(group.region, group);
    this.members = stayingInAll(groups).map(({ instanceId }) => instanceId);
  }

  all(): readonly GroupState[] {
    return [...this.#groups.values()];
  }

  layout(): Layout {
    const count = (region: string) =>
      (this.#groups.get(region)?.instances ?? []).filter(({ instanceId }) => this.members.includes(instanceId)).length;
    return { home: count('home'), remote: count('away') };
  }

  add(region: string): void {
    const group = this.#groups.get(region) as GroupState;
    if (group.instances.length < group.desiredCapacity + 1)
      this.#groups.set(region, {
        ...group,
        desiredCapacity: group.instances.length + 1,
        instances: [...group.instances, instance(`i-${this.#next++}`, `${region}a`)],
      });
  }

  join(region: string): void {
    const waiting = this.#groups.get(region)?.instances.find(({ instanceId }) => !this.members.includes(instanceId));
    if (waiting !== undefined) this.members.push(waiting.instanceId);
  }

  terminate(region: string, id: string): void {
    const group = this.#groups.get(region) as GroupState;
    const instances = group.instances.filter(({ instanceId }) => instanceId !== id);
    this.#groups.set(region, { ...group, instances, desiredCapacity: group.desiredCapacity - 1 });
  }

  leave(id: string): void {
    this.members = this.members.filter((one) => one !== id);
  }
}

const layouts = [1, 2, 3, 4, 5, 6, 7]
  .flatMap((at) => [0, 1, 2, 3].map((remote): Layout => ({ home: at, remote })))
  .filter((layout) => layoutRefusal(layout) === null);

test('interrupted and turned round anywhere, it gets where it is told, and never below what beginning or end tolerate', () => {
  const anyLayout = fc.constantFrom(...layouts);
  fc.assert(
    fc.property(
      anyLayout,
      anyLayout,
      fc.array(fc.constantFrom('go', 'crash', 'turn'), { maxLength: 60 }),
      (from, to, fate) => {
        const ids = (count: number, first: number) => Array.from({ length: count }, (_, index) => `i-${first + index}`);
        const cloud = new Cloud([groupIn('home', ids(from.home, 1)), groupIn('away', ids(from.remote, 51))]);
        let now = changeRecord({ from, to });
        const least = Math.min(toleranceOf(from), toleranceOf(to));
        let at = 0;
        const next = () => fate[at++] ?? 'go';
        const check = () => {
          const layout = cloud.layout();
          expect(toleranceOf(layout)).toBeGreaterThanOrEqual(least);
          expect(layout.home).toBeGreaterThanOrEqual(quorum(layout.home + layout.remote));
        };
        for (let step = 0; ; step++) {
          expect(step).toBeLessThan(400);
          const staying = stayingInAll(cloud.all()).map(({ instanceId }) => instanceId);
          const reports = reportsOf(staying, { lists: cloud.members, leader: staying[0] ?? '' });
          const choice = chooseMove({ record: now, groups: cloud.all(), reports });
          if (choice.verdict === 'halted') throw new Error(choice.problems.join());
          const { move } = choice;
          const happens = next();
          if (happens === 'turn') {
            const groups = cloud.all();
            const planned = planRegionChange({ cluster: 'etcd', groups, record: now }, request({ action: 'rollBack' }));
            if (planned.verdict === 'planned')
              now = { ...begunChange(now, planned.plan, { execution: 'e', token: 2, now: '' }), from: now.to };
            continue;
          }
          if (move.step === 'done') break;
          if (happens === 'crash') continue;
          if (move.step === 'add') {
            cloud.add(move.region);
            if (next() !== 'crash') cloud.join(move.region);
          } else {
            if (move.step === 'remove') cloud.terminate(move.region, move.old);
            expect(move.witness).not.toBe(move.old);
            if (next() !== 'crash') cloud.leave(move.old);
          }
          check();
        }
        expect(cloud.layout()).toEqual(now.to);
        expect(cloud.members.sort()).toEqual(
          stayingInAll(cloud.all())
            .map(({ instanceId }) => instanceId)
            .sort(),
        );
      },
    ),
  );
});
