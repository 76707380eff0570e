/** How an upgrade ended, for a person's eyes. Pure. */
import { durationText, table } from '../operator/text.ts';
import type { Outcome } from './progress.ts';
import type { Failure, HopReport, MemberReport, Report } from './report.ts';
import { wayOf } from './way.ts';

/** @param again the command without its own options, as it was typed: `npm run upgrade -- --stack etcd-night` */
export function reportText(report: Report, again: (...options: string[]) => string): string {
  const { outcome, failure, members, hops } = report;
  return [
    headline(report),
    ...(failure === null ? [] : failureLines(failure)),
    ...(members.length === 0 || outcome === 'unchanged' || outcome === 'refused'
      ? []
      : ['Members, before and after', ...table(members.map(memberRow))]),
    ...(hops.length === 0 ? [] : ['Hops', ...table(hops.flatMap(hopRows))]),
    ...nextLines(outcome, again),
    '',
  ].join('\n');
}

const headlines: Readonly<Record<Outcome, string>> = {
  upgraded: 'Upgraded',
  unchanged: 'Dry run: nothing was changed, and nothing is in the way',
  paused: 'Paused with the lock kept',
  abandoned: 'Abandoned: the members stay as they are, the lock is free',
  halted: 'Halted with the lock kept',
  refused: 'Refused: nothing was changed',
};

function headline({ outcome, plan, tookMs, failure }: Report): string {
  const way = plan === null ? '' : `: cluster ${plan.cluster}, ${plan.from} to ${plan.to}`;
  const what = outcome === 'upgraded' ? `${headlines.upgraded}${way}` : headlines[outcome];
  return failure === null ? `${what}, in ${durationText(tookMs)}` : `${what}, after ${durationText(tookMs)}`;
}

function failureLines({ error, cause, member, runbook }: Failure): readonly string[] {
  return table([
    ['Error', error],
    ['Cause', cause],
    ...(member === null ? [] : [['Member', member]]),
    ...runbook.map((heading, index) => [index === 0 ? 'Runbook' : '', `docs/runbook.md#${heading}`]),
  ]);
}

function memberRow({ member, before, after, successor }: MemberReport): readonly string[] {
  return [member, before, '->', after, successor === null ? '' : `now ${successor}`];
}

function hopRows(hop: HopReport): readonly (readonly string[])[] {
  const { number, of, tookMs, members } = hop;
  return [
    [`${number} of ${of}`, wayOf(hop), tookMs === null ? 'not ended' : durationText(tookMs)],
    ...members.map((one) => [
      '',
      one.member,
      durationText(one.tookMs),
      one.downMs === null ? 'replaced' : `${one.downMs} ms without etcd`,
    ]),
  ];
}

function nextLines(outcome: Outcome, again: (...options: string[]) => string): readonly string[] {
  if (outcome !== 'halted' && outcome !== 'paused') return [];
  const rows = [
    [again('--resume'), outcome === 'halted' ? 'goes on where it was, after the cause is mended' : 'goes on'],
    ...(outcome === 'halted'
      ? [[again('--roll-back'), 'takes the hop under way back, while the cluster version has not changed']]
      : []),
    [again('--abandon'), 'leaves the members as they are and frees the lock'],
  ];
  return ['Next, one of', ...table(rows)];
}
