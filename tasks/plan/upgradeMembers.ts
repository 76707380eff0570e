/** Which member is next in a hop. Pure. */
import { sameStart } from '#etcd/upgradeStep.ts';
import type { Hop, NextMember } from '../catalogue.ts';
import { healthProblems } from './memberReports.ts';
import { type MemberSurvey, reportsOf, strangersIn } from './upgradeFacts.ts';
import { memberOrder } from './upgradePlan.ts';

export type Choice =
  | { readonly verdict: 'chosen'; readonly next: NextMember }
  /** Nobody is touched: sentences. */
  | { readonly verdict: 'halted'; readonly problems: readonly string[] };

/**
 * Followers first, the leader last; whoever is not well goes before them, and only where all others are well: its step mends it,
 * also where it was swapped already, or puts the old release back.
 * @param previous whose step was the last one of this execution; empty at first. It is not chosen again: its command has ended.
 */
export function chooseMember(surveys: readonly MemberSurvey[], hop: Hop, previous = ''): Choice {
  const members = surveys.map(({ instanceId }) => instanceId);
  const open = memberOrder({ surveys }).filter(({ member }) => !isDone(surveyOf(surveys, member), hop));
  const strangers = strangersIn(surveys);
  if (strangers.length > 0) return { verdict: 'halted', problems: strangers };
  const problems = healthProblems(reportsOf(surveys));
  const sick = surveys.filter((one) => healthProblems(reportsOf([one])).length > 0).map(({ instanceId }) => instanceId);
  const [first] = sick;
  const mends = sick.length === 1;
  if (problems.length > 0 && !mends) return { verdict: 'halted', problems };
  const next = mends ? memberOrder({ surveys }).find(({ member }) => member === first) : open[0];
  if (next !== undefined && next.member === previous)
    return {
      verdict: 'halted',
      problems: [
        `${previous} has ended its step and is not as it should be`,
        ...(problems.length > 0 ? problems : ['it runs another release, or with other flags, than it was swapped to']),
      ],
    };
  if (next === undefined)
    return { verdict: 'chosen', next: { step: 'done', member: '', leads: false, remaining: 0, members } };
  const { member, leads } = next;
  return { verdict: 'chosen', next: { step: 'upgrade', member, leads, remaining: Math.max(open.length, 1), members } };
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
