/** Charts of the hops: the longest gap of each, and what each member's step took. Pure. */
import { durationText } from '../../../operator/text.ts';
import type { MemberProgress } from '../../../upgrade/progress.ts';
import type { HopFigures } from '../summary.ts';
import { html, Markup } from './html.ts';

const width = 1060;
const left = 190;
const right = 150;
const rowHeight = 22;
const barHeight = 14;
const memberLeft = 350;

export function gapChart(hops: readonly HopFigures[]): Markup {
  const most = Math.max(1, ...hops.flatMap(({ longestGapMs, gapGoalMs }) => [longestGapMs, gapGoalMs]));
  const x = (ms: number) => left + (ms / most) * (width - left - right);
  return svg(
    hops.length * rowHeight,
    'Longest time without an acknowledged write, by hop',
    hops.map((one, index) => {
      const { hop, longestGapMs, gapGoalMs } = one;
      const top = index * rowHeight;
      const over = longestGapMs > gapGoalMs;
      return html`<text class="label end" x="${left - 10}" y="${top + 15}">${`${index + 1}  ${hop.from} → ${hop.to}`}</text>
<rect class="${over ? 'over' : 'gap'}" x="${left}" y="${top + 4}" width="${Math.max(1, x(longestGapMs) - left)}" height="${barHeight}" rx="2"/>
<line class="goal" x1="${x(gapGoalMs)}" x2="${x(gapGoalMs)}" y1="${top + 1}" y2="${top + rowHeight - 1}"><title>${`goal: at most ${gapGoalMs} ms`}</title></line>
<text class="value" x="${Math.max(x(longestGapMs), x(gapGoalMs) * Number(x(gapGoalMs) - x(longestGapMs) < 60 && !over)) + 6}" y="${top + 15}">${`${Math.round(longestGapMs)} ms${over ? ', above the goal' : ''}`}</text>`;
    }),
  );
}

export function memberChart(hops: readonly HopFigures[]): Markup {
  const rows = hops.flatMap(({ hop }, index) =>
    hop.members.map((member, at) => ({ hop, index, member, first: at === 0 })),
  );
  const most = Math.max(1, ...rows.map(({ member }) => tookMs(member)));
  const x = (ms: number) => memberLeft + (ms / most) * (width - memberLeft - right);
  return svg(
    rows.length * rowHeight,
    'Time of each member’s step',
    rows.map(({ hop, index, member, first }, row) => {
      const top = row * rowHeight;
      const { downMs, leads } = member;
      const end = x(tookMs(member));
      const down = downMs === null ? 0 : Math.min(end - memberLeft, x(downMs) - memberLeft);
      const wasDown = downMs === null ? 'instance replaced' : `${downMs} ms without etcd`;
      const heading = `${index + 1}  ${hop.from} → ${hop.to}`;
      return html`${first ? html`<line class="grid" x1="0" x2="${width}" y1="${top}" y2="${top}"/><text class="label" x="0" y="${top + 15}">${heading}</text>` : null}
<text class="label end" x="${memberLeft - 10}" y="${top + 15}">${`${member.member}${leads ? ' ★' : ''}`}</text>
<rect class="step" x="${memberLeft}" y="${top + 4}" width="${Math.max(1, end - memberLeft)}" height="${barHeight}" rx="2"/>
<rect class="down" x="${end - down}" y="${top + 4}" width="${down}" height="${barHeight}" rx="2"><title>${wasDown}</title></rect>
<text class="value" x="${end + 6}" y="${top + 15}">${tookMs(member) < 10_000 ? `${(tookMs(member) / 1000).toFixed(1)} s` : durationText(tookMs(member))}</text>`;
    }),
  );
}

function tookMs({ beganAtMs, endedAtMs }: MemberProgress): number {
  return endedAtMs === null ? 0 : endedAtMs - beganAtMs;
}

function svg(height: number, label: string, content: readonly Markup[]): Markup {
  return content.length === 0
    ? new Markup('')
    : html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${content}</svg>`;
}
