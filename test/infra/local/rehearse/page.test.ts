import { describe, expect, test } from '@jest/globals';
import type { LoadRecord } from '../../../../infra/local/rehearse/load.ts';
import type { OldRotation, Upgraded } from '../../../../infra/local/rehearse/rehearsal.ts';
import { reportPage } from '../../../../infra/local/rehearse/report/page.ts';
import { type Rehearsal, summaryOf } from '../../../../infra/local/rehearse/summary.ts';
import { summaryText } from '../../../../infra/local/rehearse/summaryText.ts';
import type { HopProgress } from '../../../../infra/upgrade/progress.ts';

const beganAtMs = Date.UTC(2026, 10, 25);
const attempts: LoadRecord['attempts'] = Array.from({ length: 1_000 }, (_, index) => ({
  offeredAtMs: index * 10,
  endedAtMs: index * 10 + 2,
  acknowledged: index < 400 || index >= 440,
}));
const member = {
  successor: null,
  leads: false,
  beganAtMs: beganAtMs + 3_000,
  endedAtMs: beganAtMs + 5_000,
  downMs: 380,
};
const hop: HopProgress = {
  number: 1,
  of: 1,
  kind: 'minor',
  from: '3.4.15',
  to: '3.5.35',
  size: 3,
  beganAtMs: beganAtMs + 2_500,
  endedAtMs: beganAtMs + 8_500,
  members: [{ ...member, member: 'i-1<b>' }],
};
const clients: Upgraded['clients'] = {
  offered: 1_000,
  failed: 40,
  longestGapMs: 410,
  acknowledged: ['load/1', 'load/2'],
  lost: [],
  record: { beganAtMs, lastedMs: 10_000, attempts },
};
const report: Upgraded['report'] = {
  execution: 'arn',
  status: 'SUCCEEDED',
  outcome: 'upgraded',
  plan: null,
  tookMs: 7_000,
  members: [],
  hops: [],
  failure: null,
};
const upgraded: Upgraded = {
  startedAtMs: beganAtMs + 2_000,
  report,
  hops: [hop],
  clients,
  history: { transitions: 40, events: 180 },
  loadAverage: [1, 2],
};
const rehearsal = (changes: Partial<Upgraded> = {}, old: readonly OldRotation[] = []): Rehearsal => ({
  at: '2026-11-25T00:00:00.000Z',
  options: { from: '3.4.15', to: '3.5.35', members: 3, everyMs: 10, strategy: 'inPlace' },
  upgraded: { ...upgraded, ...changes },
  old,
});
const pageOf = (one: Rehearsal) => reportPage(one, summaryOf(one));

describe('a rehearsal', () => {
  test('has the figures of its hops, with the goal of each', () => {
    const { hops, whole, succeeded, downMs } = summaryOf(rehearsal());
    expect(hops[0]).toMatchObject({ failed: 40, offered: 600, fromMs: 2_500, untilMs: 8_500, gapGoalMs: 250 });
    expect(hops[0]?.longestGapMs).toBe(410);
    expect(whole).toMatchObject({ failed: 40, offered: 700 });
    expect([succeeded, downMs]).toEqual([true, 380]);
  });

  test('adds the waits of the old procedure by calculation, for each member of each rotation', () => {
    const result = { ...clients, seconds: 20, belowSeconds: 6, lost: 0 };
    const [from, to] = ['3.4.15', '3.5.35'];
    const { old } = summaryOf(
      rehearsal({}, [
        { from, to, result },
        { from, to, problem: 'it <hung>' },
      ]),
    );
    expect(old).toMatchObject({ rotations: 1, failed: 40, measuredMs: 20_000, waitsMs: 2 * 3 * 360_000 });
    expect(old?.problems).toEqual(['3.4.15 to 3.5.35: it <hung>']);
  });

  test.each([
    ['writes are missing', { clients: { ...clients, lost: ['load/2'] } }, '1 acknowledged writes are missing'],
    ['nothing can be read', { clients: { ...clients, lost: null } }, 'no member could be read in the end'],
  ])('has failed where %s', (_, changes, problem) => {
    const summary = summaryOf(rehearsal(changes));
    expect(summary.succeeded).toBe(false);
    expect(summaryText(summary)).toContain(problem);
  });
});

describe('its report', () => {
  test('shows each part, and is one file that asks nobody for anything', () => {
    const page = pageOf(rehearsal());
    expect(page).toContain('Upgraded 3 members from 3.4.15 to 3.5.35 in 7 s');
    expect(page).toContain('40 of 600 writes failed, longest gap 410 ms');
    expect(page).toContain('410 ms, above the goal');
    expect(page).not.toMatch(/<script|https?:\/\/|src=|undefined|NaN/);
  });

  test('escapes what comes from elsewhere', () => {
    const failure = { error: 'MemberNotUpgraded', cause: '<img src=x>', member: null, runbook: [], lockKept: true };
    const page = pageOf(rehearsal({ report: { ...report, outcome: 'halted', failure } }));
    expect(page).toContain('MemberNotUpgraded: &lt;img src=x&gt;');
    expect(page).toContain('i-1&lt;b&gt;');
    expect(page).not.toMatch(/<img|i-1<b>/);
  });

  test('is there for an upgrade that was refused before its first hop', () => {
    expect(pageOf(rehearsal({ hops: [] }))).toContain('None was made.');
  });
});
