/** Shows an execution of RollingUpgrade as it goes, until it has ended or nobody wants to watch any more. */
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Ended } from '../executions/follow.ts';
import { followNested } from '../executions/nested.ts';
import { clockText } from '../operator/text.ts';
import type { Shown } from './execution.ts';
import { newsOf } from './news.ts';
import { advance, nothingYet, type Progress } from './progress.ts';
import { leftText, type Screen, statusLine } from './screen.ts';
import { type Step, stepOf } from './steps.ts';

export interface Watched {
  readonly progress: Progress;
  readonly ended: Ended;
  /** From its start to its end. */
  readonly tookMs: number;
}

const lookEveryMs = 1000;
/** Steps after which it is said how long it may still take. */
const milestones = new Set(['Climb one hop', 'Upgrade the member', 'Note the replacement']);

export async function watchUpgrade(states: SFNClient, { arn, startedAtMs }: Shown, screen: Screen): Promise<Watched> {
  let progress = nothingYet;
  let lastAtMs = startedAtMs;
  const show = () => screen.show(statusLine(progress, startedAtMs, Date.now()));
  const ended = await followNested(
    states,
    arn,
    (event) => {
      lastAtMs = event.timestamp?.getTime() ?? lastAtMs;
      const step = stepOf(event);
      if (step === null) return;
      progress = advance(progress, step);
      const line = lineOf(progress, step, startedAtMs);
      if (line !== null) screen.say(line);
    },
    async () => {
      show();
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    },
  );
  screen.end();
  return { progress, ended, tookMs: lastAtMs - startedAtMs };
}

/** With the time since the start; null where there is nothing to tell. Pure. */
export function lineOf(progress: Progress, step: Step, startedAtMs: number): string | null {
  const news = newsOf(progress, step);
  if (news === null) return null;
  const left = step.type === 'left' && milestones.has(step.state) ? leftText(progress, step.atMs) : [];
  return `${clockText(step.atMs - startedAtMs).padStart(7)}  ${[news, ...left].join('; ')}`;
}
