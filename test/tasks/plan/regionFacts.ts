/** Facts of a cluster in two regions as the decisions of a change of regions take them. */
import type { RegionChangeRecord } from '#etcd/record.ts';
import type { GroupState } from '../../../tasks/plan/group.ts';
import { groupOf, instance } from './rotationFacts.ts';

const zones = ['a', 'b', 'c'];

export const groupIn = (region: string, ids: readonly string[], desiredCapacity = ids.length): GroupState =>
  groupOf(
    ids.map((id, index) => instance(id, `${region}${zones[index % 3]}`)),
    { region, minSize: 0, maxSize: 8, desiredCapacity },
  );

export const changeRecord = (changes: Partial<RegionChangeRecord> = {}): RegionChangeRecord => ({
  cluster: 'etcd',
  item: 'regions',
  token: 1,
  execution: 'first',
  home: 'home',
  remote: 'away',
  from: { home: 5, remote: 0 },
  to: { home: 4, remote: 1 },
  maxRoundTripMs: 200,
  beganAt: 'then',
  ...changes,
});
