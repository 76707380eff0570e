/** Which member does not serve yet as it is to. Pure. */
import { certificatesFit } from '#etcd/transport.ts';
import type { MemberSecurity, WantedSecurity } from '../../agent/protocol.ts';
import type { NextUnfit } from '../catalogue.ts';
import { healthProblems } from './memberReports.ts';
import { type MemberSurvey, reportsOf, strangersIn } from './upgradeFacts.ts';
import { memberOrder } from './upgradePlan.ts';

export type UnfitChoice =
  | { readonly verdict: 'chosen'; readonly next: NextUnfit }
  /** Nobody is touched: sentences. */
  | { readonly verdict: 'halted'; readonly problems: readonly string[] };

/** Whether a member needs no step any more. */
export function fits(has: MemberSecurity, wanted: WantedSecurity): boolean {
  return has.transport === wanted.transport && certificatesFit(has, wanted);
}

/**
 * Followers first, the leader last. Whoever is not well goes before them where all others are well, as its step may have been
 * interrupted: the agent goes on with it, or puts the member back.
 * @param previous whose step was the last one of this execution; empty at first. It is not chosen again: its command has ended.
 */
export function chooseUnfit(surveys: readonly MemberSurvey[], wanted: WantedSecurity, previous = ''): UnfitChoice {
  const strangers = strangersIn(surveys);
  if (strangers.length > 0) return { verdict: 'halted', problems: strangers };
  const problems = healthProblems(reportsOf(surveys));
  const sick = surveys.filter((one) => healthProblems(reportsOf([one])).length > 0);
  const [patient] = sick;
  const mends = sick.length === 1 && patient?.survey !== null;
  if (problems.length > 0 && !mends) return { verdict: 'halted', problems };
  const order = memberOrder({ surveys });
  const open = order.filter(({ member }) => {
    const survey = surveys.find(({ instanceId }) => instanceId === member)?.survey;
    return survey == null || !fits(survey.security, wanted);
  });
  const next = mends ? order.find(({ member }) => member === patient?.instanceId) : open[0];
  if (next === undefined) return { verdict: 'chosen', next: { step: 'done', member: '', leads: false, remaining: 0 } };
  if (next.member === previous)
    return {
      verdict: 'halted',
      problems: [
        `${previous} has ended its step and is not as it should be`,
        ...(problems.length > 0 ? problems : ['it serves otherwise, or with other certificates, than it was to']),
      ],
    };
  const { member, leads } = next;
  return { verdict: 'chosen', next: { step: 'secure', member, leads, remaining: Math.max(open.length, 1) } };
}
