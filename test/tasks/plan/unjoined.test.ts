/** Which instances a change of regions takes back that has been given up. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { leastOf, takenBack } from '../../../tasks/plan/unjoined.ts';
import { groupIn } from './regionFacts.ts';

const three = ['i-1', 'i-2', 'i-3'];
const none = () => 0;

test('what measured and has not joined goes', () => {
  expect(takenBack([groupIn('home', three), groupIn('away', ['i-9'])], three, none)).toEqual({
    terminate: [{ region: 'away', instanceId: 'i-9' }],
    lower: [],
  });
});

test('what was asked for and has not come is not asked for any more', () => {
  expect(takenBack([groupIn('home', three), groupIn('away', [], 1)], three, none)).toEqual({
    terminate: [],
    lower: [{ region: 'away', capacity: 0 }],
  });
});

test('the successor of a member that was lost stays', () => {
  const groups = [groupIn('home', ['i-1', 'i-2', 'i-4']), groupIn('away', [])];
  expect(takenBack(groups, three, none)).toEqual({ terminate: [], lower: [] });
});

test('the successor of a member that has left meanwhile stays, also one that has not come yet, and what measured goes', () => {
  const least = leastOf({ home: 'home', from: { home: 3, remote: 0 }, to: { home: 3, remote: 1 } });
  for (const home of [groupIn('home', ['i-1', 'i-2', 'i-4']), groupIn('home', ['i-1', 'i-2'], 3)])
    expect(takenBack([home, groupIn('away', ['i-9'])], ['i-1', 'i-2'], least)).toEqual({
      terminate: [{ region: 'away', instanceId: 'i-9' }],
      lower: [],
    });
});

test('nobody who is a member goes, and no more than the groups want beyond the members', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 12 });
  fc.assert(
    fc.property(ids, fc.nat(12), fc.nat(12), fc.nat(2), fc.nat(2), (all, cut, split, more, others) => {
      const names = all.map((id) => `i-${id}`);
      const [home, away] = [names.slice(0, split), names.slice(split)];
      const listed = [...names.slice(0, cut), ...Array.from({ length: others }, (_, index) => `lost-${index}`)];
      const groups = [groupIn('home', home), groupIn('away', away, away.length + more)];
      const { terminate, lower } = takenBack(groups, listed, none);
      for (const { instanceId } of terminate) expect(listed).not.toContain(instanceId);
      const surplus = Math.max(0, names.length + more - listed.length);
      const missing = lower.reduce((sum, { region, capacity }) => {
        const group = groups.find((one) => one.region === region);
        const gone = terminate.filter((one) => one.region === region).length;
        // Auto Scaling has nobody to choose: it wants as many as there are left, or more.
        expect(capacity).toBeGreaterThanOrEqual((group?.instances.length ?? 0) - gone);
        return sum + (group?.desiredCapacity ?? 0) - gone - capacity;
      }, 0);
      expect(terminate.length + missing).toBeLessThanOrEqual(surplus);
    }),
  );
});
