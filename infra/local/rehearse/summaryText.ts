/** A rehearsal for the terminal. Pure. */
import { durationText, table } from '../../operator/text.ts';
import type { Summary } from './summary.ts';

export function summaryText(summary: Summary): string {
  const { hops, whole, lost, acknowledged, old } = summary;
  const ms = (value: number) => `${Math.round(value)} ms`;
  return [
    headlineOf(summary),
    `${whole.failed} of ${whole.offered} writes failed, longest gap ${ms(whole.longestGapMs)}, ${lost ?? 'an unknown number'} of ${acknowledged} acknowledged writes lost`,
    ...table([
      ['Hop', 'failed', 'longest gap', 'time'],
      ...hops.map(({ hop, failed, longestGapMs, fromMs, untilMs }) => [
        `${hop.from} to ${hop.to}`,
        String(failed),
        ms(longestGapMs),
        durationText(untilMs - fromMs),
      ]),
    ]),
    ...(old === null
      ? []
      : [
          `The old procedure, emulated: ${old.failed} of ${old.offered} writes failed, longest gap ${ms(old.longestGapMs)}, ${durationText(old.measuredMs)} and ${durationText(old.waitsMs)} of waiting (calculated)`,
        ]),
  ].join('\n');
}

export function headlineOf({ succeeded, from, to, members, tookMs, problem }: Summary): string {
  const way = `${members} member${members === 1 ? '' : 's'} from ${from} to ${to}`;
  return succeeded
    ? `Upgraded ${way} in ${durationText(tookMs)}`
    : `Not well: ${way}, after ${durationText(tookMs)}: ${problem}`;
}
