/** The report's tables. Pure. */
import { durationText } from '../../../operator/text.ts';
import type { HopFigures, Summary } from '../summary.ts';
import { html, type Markup } from './html.ts';

export function hopTable({ hops, whole, tookMs, downMs }: Summary): Markup {
  return html`<div class="scroll"><table>
<thead><tr><th class="number">Hop</th><th>Releases</th><th class="number">Failed</th><th class="number">Offered</th><th class="number">Longest gap</th><th class="number">Time</th><th>Without etcd, by member</th></tr></thead>
<tbody>${hops.map(hopRow)}</tbody>
<tfoot><tr><td></td><td>All, with what is before and between</td><td class="number">${whole.failed}</td><td class="number">${whole.offered}</td><td class="number">${ms(whole.longestGapMs)}</td><td class="number">${durationText(tookMs)}</td><td>${downMs === null ? '' : `${ms(downMs)} in all, one member at a time`}</td></tr></tfoot>
</table></div>`;
}

function hopRow(figures: HopFigures, index: number): Markup {
  const { hop, failed, offered, longestGapMs, gapGoalMs, fromMs, untilMs } = figures;
  const kind = { minor: '', patch: ' (patch)', restart: ' (restart)', finish: ' (finished)', rollBack: ' (back)' }[
    hop.kind
  ];
  const members = hop.members.map(({ member, downMs, successor }) =>
    downMs === null ? `${member}: replaced by ${successor ?? 'nobody'}` : `${member}: ${ms(downMs)}`,
  );
  return html`<tr><td class="number">${String(index + 1)}</td><td class="nowrap">${`${hop.from} → ${hop.to}${kind}`}</td><td class="number">${failed}</td><td class="number">${offered}</td><td class="number${longestGapMs > gapGoalMs ? ' bad' : ''}">${ms(longestGapMs)}</td><td class="number">${durationText(untilMs - fromMs)}${hop.endedAtMs === null ? ', not ended' : ''}</td><td>${members.map((member) => html`<div class="nowrap">${member}</div>`)}</td></tr>`;
}

export function comparisonTable({ whole, lost, tookMs, downMs, old }: Summary): Markup | null {
  if (old === null) return null;
  const below = downMs === null ? '0 s: the new one joins first' : seconds(downMs);
  const rows: readonly (readonly [string, string, string])[] = [
    ['Failed writes', `${whole.failed} of ${whole.offered}`, `${old.failed} of ${old.offered}`],
    ['Longest time without an acknowledged write', ms(whole.longestGapMs), ms(old.longestGapMs)],
    ['Acknowledged writes lost', lost === null ? 'unknown' : String(lost), String(old.lost)],
    ['One member missing', below, `${seconds(old.belowMs)}, and all of a nap of 30 s each time`],
    ['Time, measured', durationText(tookMs), `${durationText(old.measuredMs)} without its waits`],
    [
      'Time as it would be',
      durationText(tookMs),
      `${durationText(old.measuredMs + old.waitsMs)}: ${durationText(old.waitsMs)} of it added by calculation`,
    ],
  ];
  return html`<div class="scroll"><table>
<thead><tr><th></th><th>RollingUpgrade, measured</th><th>The old procedure, emulated</th></tr></thead>
<tbody>${rows.map(([what, ours, theirs]) => html`<tr><td>${what}</td><td>${ours}</td><td>${theirs}</td></tr>`)}</tbody>
</table></div>
${old.problems.map((problem) => html`<p class="bad">${`It did not get through: ${problem}`}</p>`)}`;
}

export function ms(value: number): string {
  return `${Math.round(value).toLocaleString('en')} ms`;
}

function seconds(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}
