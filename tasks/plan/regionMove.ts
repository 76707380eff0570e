/** Which single move of MultiregionMigration is next, by what is true now: decided anew each time, so that a crash changes nothing. Pure. */
import type { RegionChangeRecord } from '#etcd/record.ts';
import type { NextMove } from '../catalogue.ts';
import { type GroupState, stayingInAll, stayingInstances } from './group.ts';
import { healthProblems, leaderOf, listedNames, type MemberReport } from './memberReports.ts';
import { type Layout, nextMove } from './regionLayout.ts';

export interface MoveFacts {
  readonly record: RegionChangeRecord;
  /** Of each region, home first. */
  readonly groups: readonly GroupState[];
  /** One of each instance that stays, also of those that have not joined. */
  readonly reports: readonly MemberReport[];
}

export type MoveChoice =
  | { readonly verdict: 'chosen'; readonly move: NextMove }
  /** Nobody may be touched. Sentences. */
  | { readonly verdict: 'halted'; readonly problems: readonly string[] };

export function chooseMove({ record, groups, reports }: MoveFacts): MoveChoice {
  const listed = listedNames(reports);
  const problems = healthProblems(reports.filter(({ instanceId }) => listed.includes(instanceId)));
  if (problems.length > 0) return { verdict: 'halted', problems };
  if (listed.length === 0) return { verdict: 'halted', problems: ['no member says who the members are'] };
  return { verdict: 'chosen', move: moveAmong({ record, groups, reports }, listed) };
}

function moveAmong({ record, groups, reports }: MoveFacts, listed: readonly string[]): NextMove {
  const staying = stayingInAll(groups).map(({ instanceId }) => instanceId);
  const leader = leaderOf(reports);
  const move = (step: NextMove['step'], region: string, instance = ''): NextMove => ({
    step,
    region,
    old: instance,
    witness: listed.find((name) => name !== instance && staying.includes(name)) ?? '',
    known: listed,
    label: `${step}-${region || 'none'}-${listed.length}${instance && `-${instance}`}`,
  });
  // Learners are listed, too: one that joins is a member to everybody but itself.
  const voters = votersOf(reports);
  const [leaving] = listed.filter((name) => !staying.includes(name));
  if (leaving !== undefined) return move('leaves', '', leaving);
  const target = record.to;
  const home = groups.find(({ region }) => region === record.home);
  const remote = groups.find(({ region }) => region === record.remote);
  const of = (group: GroupState | undefined) => (group === undefined ? [] : stayingInstances(group));
  const members = (group: GroupState | undefined) => of(group).filter(({ instanceId }) => voters.includes(instanceId));
  const now: Layout = { home: members(home).length, remote: members(remote).length };
  for (const [where, group] of [
    ['remote', remote],
    ['home', home],
  ] as const) {
    const joining = of(group).find(({ instanceId }) => !voters.includes(instanceId));
    if (group === undefined || joining === undefined) continue;
    // What was asked for comes; what was asked for by an execution that turned round goes again.
    return now[where] < target[where] ? move('add', group.region) : move('remove', group.region, joining.instanceId);
  }
  const next = nextMove(now, target);
  if (next === null) return move('done', '');
  const group = next.where === 'home' ? home : remote;
  const region = group?.region ?? '';
  if (next.what === 'add') return move('add', region);
  return move('remove', region, leastMissed(members(group), leader));
}

function votersOf(reports: readonly MemberReport[]): readonly string[] {
  const lists = reports.flatMap(({ description }) => description?.member?.members ?? []);
  const learners = new Set(lists.flatMap(({ name, isLearner }) => (isLearner ? [name] : [])));
  return [...new Set(lists.map(({ name }) => name))].filter((name) => name !== '' && !learners.has(name));
}

/** A follower, of the zone with the most members: the others stay spread. The leader only where nobody else is left. */
function leastMissed(
  members: readonly { readonly instanceId: string; readonly zone: string }[],
  leader: string | null,
): string {
  const crowd = (zone: string) => members.filter((one) => one.zone === zone).length;
  const rank = (id: string) => (id === leader ? 1 : 0);
  const [first] = [...members].sort(
    (a, b) =>
      rank(a.instanceId) - rank(b.instanceId) ||
      crowd(b.zone) - crowd(a.zone) ||
      (a.instanceId < b.instanceId ? -1 : 1),
  );
  return first?.instanceId ?? '';
}
