/** Which member is next in a hop. Pure. */
import { sameStart } from '#etcd/upgradeStep.ts';
import type { Hop, NextMember } from '../catalogue.ts';
import { healthProblems, listedNames } from './memberReports.ts';
import { type MemberSurvey, reportsOf } from './upgradeFacts.ts';
import { memberOrder } from './upgradePlan.ts';

export type Choice =
  | { readonly verdict: 'chosen'; readonly next: NextMember }
  /** Nobody is touched: sentences. */
  | { readonly verdict: 'halted'; readonly problems: readonly string[] };

/**
 * Followers first, the leader last; whoever is not well goes before them, and only where it is the one that this hop is to
 * mend and all others are well.
 */
export function chooseMember(surveys: readonly MemberSurvey[], hop: Hop): Choice {
  const members = surveys.map(({ instanceId }) => instanceId);
  const open = memberOrder({ surveys }).filter(({ member }) => !isDone(surveyOf(surveys, member), hop));
  const strangers = strangersIn(surveys);
  if (strangers.length > 0) return { verdict: 'halted', problems: strangers };
  const problems = healthProblems(reportsOf(surveys));
  const sick = surveys.filter((one) => healthProblems(reportsOf([one])).length > 0).map(({ instanceId }) => instanceId);
  const [first] = sick;
  const mends = sick.length === 1 && open.some(({ member }) => member === first);
  if (problems.length > 0 && !mends) return { verdict: 'halted', problems };
  const next = mends ? open.find(({ member }) => member === first) : open[0];
  if (next === undefined)
    return { verdict: 'chosen', next: { step: 'done', member: '', leads: false, remaining: 0, members } };
  const { member, leads } = next;
  return { verdict: 'chosen', next: { step: 'upgrade', member, leads, remaining: open.length, members } };
}

/** Members without an instance of the group, and instances that are no members: a member was lost meanwhile. */
function strangersIn(surveys: readonly MemberSurvey[]): readonly string[] {
  const listed = listedNames(reportsOf(surveys));
  const names = surveys.map(({ instanceId }) => instanceId);
  return [
    ...listed.filter((name) => !names.includes(name)).map((name) => `the member ${name} has no instance in the group`),
    ...names.filter((name) => !listed.includes(name)).map((name) => `${name} is not a member`),
  ];
}

function surveyOf(surveys: readonly MemberSurvey[], member: string): MemberSurvey | undefined {
  return surveys.find(({ instanceId }) => instanceId === member);
}

function isDone(one: MemberSurvey | undefined, { to, snapshotCount, v2Api }: Hop): boolean {
  const { survey } = one ?? {};
  if (survey == null) return false;
  const version = survey.description.etcd.version ?? '';
  return sameStart(
    { version, snapshotCount: survey.snapshotCount, v2Api: survey.v2Api },
    { version: to, snapshotCount, v2Api },
  );
}
