/** Which single move of MultiregionMigration is next, by what is true now: decided anew each time, so that a crash changes nothing. Pure. */
import type { RegionChangeRecord } from '#etcd/record.ts';
import type { NextMove } from '../catalogue.ts';
import { type GroupState, stayingInAll, stayingInstances } from './group.ts';
import { healthProblems, leaderOf, listedNames, type MemberReport } from './memberReports.ts';
import { type Layout, membersAt, nextMove } from './regionLayout.ts';

export interface MoveFacts {
  readonly record: RegionChangeRecord;
  /** Of each region, home first. */
  readonly groups: readonly GroupState[];
  /** One of each instance that stays, also of those that have not joined. */
  readonly reports: readonly MemberReport[];
}

export type MoveChoice =
  /** With what is wrong with the member that goes, if anything: it may pass, and another one would go. Sentences. */
  | { readonly verdict: 'chosen'; readonly move: NextMove; readonly problems: readonly string[] }
  /** Nobody may be touched. Sentences. */
  | { readonly verdict: 'halted'; readonly problems: readonly string[] };

export function chooseMove(facts: MoveFacts): MoveChoice {
  const listed = listedNames(facts.reports);
  if (listed.length === 0) return { verdict: 'halted', problems: ['no member says who the members are'] };
  const voters = votersOf(facts.reports);
  const move = moveAmong(facts, listed, voters);
  const { reports } = facts;
  // A newcomer is waited for, and who goes need not be well: as long as all others are, that costs no quorum.
  const problems = healthProblems(
    reports.filter((one) => voters.includes(one.instanceId) && !(one.instanceId === move.old && answers(one))),
  );
  if (problems.length > 0) return { verdict: 'halted', problems };
  const leaving = reports.filter(({ instanceId }) => instanceId === move.old && voters.includes(instanceId));
  return { verdict: 'chosen', move, problems: move.step === 'remove' ? healthProblems(leaving) : [] };
}

/** Its own agent has a member leave: one whose agent says nothing could only be waited for. */
function answers({ description }: MemberReport): boolean {
  return description !== null;
}

function moveAmong({ record, groups, reports }: MoveFacts, listed: readonly string[], voters: readonly string[]) {
  const staying = stayingInAll(groups).map(({ instanceId }) => instanceId);
  const move = (step: NextMove['step'], region: string, instance = ''): NextMove => ({
    step,
    region,
    old: instance,
    witness: voters.find((name) => name !== instance && staying.includes(name)) ?? '',
    known: voters,
    // An agent answers a wait that it knows from its ledger: the same move among other members is another one.
    label: [step, region, instance, ...voters].join(),
  });
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
    // A learner is none either: it is a member to everybody but itself.
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
  return move('remove', region, leastMissed(members(group), reports));
}

/**
 * Capacity that nobody came for, as where EC2 had no instance: lowered before the change ends, or a member would come later, unasked. Where there are
 * more instances than the target, the next move takes them out one by one, since Auto Scaling would choose for itself.
 */
export function unusedCapacity(record: RegionChangeRecord, groups: readonly GroupState[]): readonly Capacity[] {
  return groups.flatMap((group) => {
    const wanted = membersAt(record.to, record.home, group.region);
    const unused = group.desiredCapacity > wanted && stayingInstances(group).length <= wanted;
    return unused ? [{ region: group.region, capacity: wanted }] : [];
  });
}

export interface Capacity {
  readonly region: string;
  readonly capacity: number;
}

function votersOf(reports: readonly MemberReport[]): readonly string[] {
  const lists = reports.flatMap(({ description }) => description?.member?.members ?? []);
  const learners = new Set(lists.flatMap(({ name, isLearner }) => (isLearner ? [name] : [])));
  return [...new Set(lists.map(({ name }) => name))].filter((name) => name !== '' && !learners.has(name)).sort();
}

/**
 * One that is not well; else a follower, of the zone with the most members: the others stay spread. The leader only where nobody else is left.
 */
function leastMissed(
  members: readonly { readonly instanceId: string; readonly zone: string }[],
  reports: readonly MemberReport[],
): string {
  const leader = leaderOf(reports);
  const crowd = (zone: string) => members.filter((one) => one.zone === zone).length;
  const unwell = (id: string) =>
    healthProblems(reports.filter((one) => one.instanceId === id && answers(one))).length > 0;
  const rank = (id: string) => (unwell(id) ? 0 : id === leader ? 2 : 1);
  const [first] = [...members].sort(
    (a, b) =>
      rank(a.instanceId) - rank(b.instanceId) ||
      crowd(b.zone) - crowd(a.zone) ||
      (a.instanceId < b.instanceId ? -1 : 1),
  );
  return first?.instanceId ?? '';
}
