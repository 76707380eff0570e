/** An upgrade as its history tells it: steps a second apart, of three members from 3.5.31 to 3.6.16. */

import { advance, nothingYet, type Progress } from '../../../infra/upgrade/progress.ts';
import type { Data, Step } from '../../../infra/upgrade/steps.ts';
import { lineOf } from '../../../infra/upgrade/watch.ts';
import type { UpgradePlan } from '../../../tasks/catalogue.ts';

export const names = ['i-0000000a', 'i-0000000b', 'i-0000000c'] as const;

const hop = (kind: 'patch' | 'minor', from: string, to: string, clusterVersion: string) => ({
  kind,
  from,
  to,
  snapshotCount: 0,
  clusterVersion,
  raftSnapshot: false,
  v2Api: false,
  deletesV2Keys: false,
  checksV2Store: kind === 'minor',
  gates: [],
});
export const patch = hop('patch', '3.5.31', '3.5.35', '3.5.0');
export const minor = hop('minor', '3.5.35', '3.6.16', '3.6.0');

export const plan: UpgradePlan = {
  cluster: 'night',
  from: '3.5.31',
  to: '3.6.16',
  hops: [
    patch,
    {
      ...minor,
      gates: [{ gate: 'emptyV2Store', state: 'planned', reason: '3.6 does not start with v2 keys', source: 'etcd #1' }],
    },
  ],
  order: names.map((member, index) => ({ member, version: '3.5.31', leads: index === 2 })),
  lastBackup: { key: 'backups/token/2026.db', madeAt: '2026-01-01T00:00:00.000Z' },
  releases: [
    { version: '3.5.35', from: 'bucket' },
    { version: '3.6.16', from: 'official' },
  ],
  estimatedSeconds: 40,
  steps: [],
  goesOnWith: null,
  owesGroup: false,
};

/** Tells steps, a second each. */
export class Tale {
  atMs = 1_000_000;
  readonly startedAtMs = this.atMs;
  progress: Progress = nothingYet;
  readonly lines: string[] = [];

  step(type: Step['type'], state: string, data: Data = {}, seconds = 1): this {
    this.atMs += seconds * 1000;
    const step: Step = { state, type, isContainer: false, atMs: this.atMs, data };
    this.progress = advance(this.progress, step);
    const line = lineOf(this.progress, step, this.startedAtMs);
    if (line !== null) this.lines.push(line);
    return this;
  }

  planned(): this {
    return this.step('entered', 'Plan the upgrade').step('left', 'Plan the upgrade', { plan });
  }

  begun(): this {
    return this.planned().step('left', 'Take the operation lock', { lock: { token: 7 } });
  }

  hop(hop: object, done: number, remaining: number): this {
    return this.step('entered', 'Climb one hop', { next: { step: 'hop', hop, done, remaining, members: names } });
  }

  member(member: string, version: string, downMs: number, seconds: number): this {
    this.step('entered', 'Upgrade the member', { next: { member, leads: member === names[2] } });
    return this.step('left', 'Upgrade the member', { done: { member, version, downMs } }, seconds);
  }

  hopDone(): this {
    return this.step('left', 'Climb one hop');
  }
}
