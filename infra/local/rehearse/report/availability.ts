/** Chart: writes acknowledged and failed over time, the hops marked. Pure. */
import { clockText } from '../../../operator/text.ts';
import { bucketMs, bucketsOf } from '../figures.ts';
import type { LoadRecord } from '../load.ts';
import type { HopFigures } from '../summary.ts';
import { html, type Markup } from './html.ts';

const width = 1060;
const left = 48;
const right = 12;
const plotTop = 40;
const plotBottom = 200;
const laneTop = 218;
const laneBottom = 258;
const height = 290;
/** Narrower bands have a number alone. */
const labelledFrom = 78;
/** After a gap many are acknowledged at once: more than twice what is offered is cut off. */
const cutAt = 2;

/** @param everyMs between two writes */
export function availabilityChart(record: LoadRecord, hops: readonly HopFigures[], everyMs: number): Markup {
  const { lastedMs } = record;
  const buckets = bucketsOf(record);
  const step = buckets[1]?.fromMs ?? bucketMs;
  const x = (ms: number) => left + (Math.min(Math.max(ms, 0), lastedMs) / lastedMs) * (width - left - right);
  const offered = bucketMs / everyMs;
  const most = Math.max(1, offered * cutAt);
  const y = (count: number) => plotBottom - (Math.min(count, most) / most) * (plotBottom - plotTop);
  const mostFailed = Math.max(1, ...buckets.map(({ failed }) => failed));
  const points = buckets.flatMap(({ fromMs, acknowledged }) => {
    const level = round(y(acknowledged));
    return [`${round(x(fromMs))},${level}`, `${round(x(fromMs + step))},${level}`];
  });
  const area = `M${round(x(0))},${plotBottom}L${points.join('L')}V${plotBottom}Z`;
  const failures = buckets.filter(({ failed }) => failed > 0);
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Writes acknowledged and failed over time">
${hops.map((hop, index) => band(hop, index, x))}
${[0, offered, most].map(
  (count) => html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(count)}" y2="${y(count)}"/>
<text class="tick end" x="${left - 6}" y="${y(count) + 4}">${count}</text>`,
)}
<path class="acknowledged" d="${area}"/>
<line class="grid" x1="${left}" x2="${width - right}" y1="${laneBottom}" y2="${laneBottom}"/>
${
  failures.length > 0
    ? html`<text class="tick end" x="${left - 6}" y="${laneTop + 8}">${mostFailed}</text>`
    : html`<text class="tick middle" x="${(left + width) / 2}" y="${laneBottom - 14}">no write failed</text>`
}
<text class="tick end" x="${left - 6}" y="${laneBottom}">0</text>
${failures.map(({ fromMs, failed }) => {
  const top = laneBottom - (failed / mostFailed) * (laneBottom - laneTop);
  const wide = Math.max(2, x(fromMs + step) - x(fromMs));
  return html`<rect class="failed" x="${x(fromMs)}" y="${top}" width="${wide}" height="${laneBottom - top}"><title>${`${failed} failed at ${seconds(fromMs)}`}</title></rect>`;
})}
${ticks(lastedMs).map((ms) => html`<text class="tick middle" x="${x(ms)}" y="${laneBottom + 20}">${clockText(ms)}</text>`)}
${hops.map((hop, index) => cover(hop, index, x))}
</svg>`;
}

type Scale = (ms: number) => number;

function band({ hop, fromMs, untilMs }: HopFigures, index: number, x: Scale): Markup {
  const wide = x(untilMs) - x(fromMs);
  const label = wide >= labelledFrom ? `${index + 1}  → ${hop.to}` : String(index + 1);
  return html`<rect class="band ${index % 2 === 0 ? 'even' : 'odd'}" x="${x(fromMs)}" y="${plotTop - 24}" width="${wide}" height="${laneBottom - plotTop + 24}"/>
<text class="hop middle" x="${x(fromMs) + wide / 2}" y="${plotTop - 9}">${label}</text>`;
}

/** Above everything, so that pointing anywhere at a hop tells of it. */
function cover({ hop, fromMs, untilMs, failed, offered, longestGapMs }: HopFigures, index: number, x: Scale): Markup {
  const text = `Hop ${index + 1}, ${hop.from} to ${hop.to}: ${failed} of ${offered} writes failed, longest gap ${Math.round(longestGapMs)} ms`;
  return html`<rect class="cover" x="${x(fromMs)}" y="${plotTop - 24}" width="${x(untilMs) - x(fromMs)}" height="${plotBottom - plotTop + 24}"><title>${text}</title></rect>`;
}

const tickSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];

function ticks(lastedMs: number): readonly number[] {
  const step = (tickSteps.find((one) => lastedMs / 1000 / one <= 12) ?? 7_200) * 1000;
  return Array.from({ length: Math.floor(lastedMs / step) + 1 }, (_, index) => index * step);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
