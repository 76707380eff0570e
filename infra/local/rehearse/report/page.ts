/** The report of a rehearsal: one HTML file without scripts, that needs nothing from anywhere. Pure. */

import type { UpgradePlan } from '../../../../tasks/catalogue.ts';
import { durationText } from '../../../operator/text.ts';
import { oldWaitsSeconds } from '../oldProcedure.ts';
import type { Rehearsal, Summary } from '../summary.ts';
import { headlineOf } from '../summaryText.ts';
import { availabilityChart } from './availability.ts';
import { gapChart, memberChart } from './bars.ts';
import { html, Markup } from './html.ts';
import { style } from './style.ts';
import { comparisonTable, hopTable, ms } from './tables.ts';

export function reportPage(rehearsal: Rehearsal, summary: Summary): string {
  const { upgraded, options } = rehearsal;
  const title = `Rehearsal: ${options.from} to ${options.to}`;
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title><style>${new Markup(style)}</style></head>
<body><main>
<h1>${title}, ${options.members} ${options.members === 1 ? 'member' : 'members'}</h1>
<p class="quiet">${`${rehearsal.at.slice(0, 16).replace('T', ' ')} UTC`}, ${strategies[options.strategy]}, a write every ${options.everyMs} ms</p>
<p class="verdict ${summary.succeeded ? 'good' : 'bad'}">${headlineOf(summary)}</p>
${tiles(summary)}
<section id="availability"><h2>Availability</h2>
<p class="quiet">Writes in every 100 ms, from the first to the last; the numbered bands are the hops.</p>
<figcaption><span class="key acknowledged"></span>acknowledged <span class="key failed"></span>failed, by when they were offered</figcaption>
<figure class="scroll">${availabilityChart(upgraded.clients.record, summary.hops, options.everyMs)}</figure></section>
<section id="gaps"><h2>Longest time without an acknowledged write</h2>
<figcaption><span class="key goal"></span>goal: 250 ms, and 2 s for hops that start from 3.0 or older, where a leader that stops hands nothing over</figcaption>
<figure class="scroll">${gapChart(summary.hops)}</figure></section>
<section id="members"><h2>Time of each member’s step</h2>
<figcaption><span class="key step"></span>the whole step <span class="key down"></span>of it without etcd; ★ led when its turn came</figcaption>
<figure class="scroll">${memberChart(summary.hops)}</figure></section>
<section id="hops"><h2>Hops</h2>${hopTable(summary)}</section>
<section id="comparison"><h2>Beside the old procedure</h2>${comparison(summary)}</section>
<section id="plan"><h2>The plan</h2>${plan(upgraded.report.plan)}</section>
<section id="method"><h2>How this was measured</h2>${method(rehearsal, summary)}</section>
</main></body></html>
`.text;
}

const strategies = { inPlace: 'in place', replace: 'every instance replaced' } as const;

function tiles({ whole, lost, acknowledged, tookMs, hops }: Summary): Markup {
  const tile = (value: string, what: string) => html`<div class="tile"><b>${value}</b><span>${what}</span></div>`;
  return html`<div class="tiles">
${tile(lost === null ? 'unknown' : String(lost), `of ${acknowledged} acknowledged writes lost`)}
${tile(String(whole.failed), `of ${whole.offered} writes failed, none tried again`)}
${tile(ms(whole.longestGapMs), 'longest time without an acknowledged write')}
${tile(durationText(tookMs), `for ${hops.length} ${hops.length === 1 ? 'hop' : 'hops'}`)}
</div>`;
}

function comparison(summary: Summary): Markup {
  const table = comparisonTable(summary);
  if (table === null)
    return html`<p class="quiet">Left out: by --no-comparison, because there is one member, or because there was no hop.</p>`;
  return html`<p class="quiet">The predecessor took one rotation of all instances for each minor: the operator terminates one, waits for at least 5 minutes, then the next; its agents nap for 30 s after the removal and 30 s after the addition. Here it is emulated with the same binaries and the same load, each minor on a new cluster, without its waits: ${oldWaitsSeconds} s for each instance are added by calculation and were never waited for.</p>${table}`;
}

function plan(planned: UpgradePlan | null): Markup {
  if (planned === null) return html`<p>None was made.</p>`;
  const { steps, hops, releases } = planned;
  const gates = hops.flatMap(({ from, to, gates }) => gates.map((gate) => ({ ...gate, way: `${from} → ${to}` })));
  return html`<ol>${steps.map((step) => html`<li>${step}</li>`)}</ol>
<p class="quiet">Releases: ${releases.map(({ version }) => version).join(', ')}</p>
${
  gates.length === 0
    ? null
    : html`<details><summary>What each hop asks for</summary><ul>${gates.map(({ way, gate, state, reason, source }) => html`<li>${way}: <code>${gate}</code> (${state}), ${reason} <span class="quiet">[${source}]</span></li>`)}</ul></details>`
}`;
}

function method({ upgraded, options }: Rehearsal, { transitionsPerStep, eventsPerStep }: Summary): Markup {
  const [before, after] = upgraded.loadAverage;
  const { transitions, events } = upgraded.history;
  return html`<ul>
<li>Open loop: a write is offered every ${options.everyMs} ms whatever became of the earlier ones, without retry, to the members that DNS names (time to live 1 s), each in turn. One that takes 5 s has failed.</li>
<li>Up to 3.3 the writes go through the v2 API, from 3.4 on through v3. What was acknowledged is read back from every member: when the clients leave the v2 API, if its keys are deleted later, and in the end.</li>
<li>A gap belongs to every hop that it touches. Members of one machine share its disk and cores: figures on EC2 differ, gaps here are pessimistic.</li>
<li>Step Functions: ${transitions} transitions and ${events} history events in all, ${transitionsPerStep.toFixed(1)} and ${eventsPerStep.toFixed(1)} for each member’s step.</li>
<li>Load average of the machine over a minute: ${before.toFixed(1)} before, ${after.toFixed(1)} after the upgrade.</li>
</ul>`;
}
