/** Where progress is shown: lines, and on a terminal below them one that says where it is now. */
import { aboutText, clockText } from '../operator/text.ts';
import { remainingMs } from './estimate.ts';
import { currentHop, currentMember, type Progress } from './progress.ts';
import { wayOf } from './way.ts';

export interface Screen {
  /** Adds a line, or several. */
  say(text: string): void;
  /** Draws the line that changes, where there is one. */
  show(status: string): void;
  /** Clears that line. */
  end(): void;
}

const clear = '\r\x1b[2K';

export function screenOn(stream: NodeJS.WriteStream): Screen {
  if (!stream.isTTY) return { say: (text) => void stream.write(`${text}\n`), show: () => {}, end: () => {} };
  let shown = '';
  const fitting = () => shown.slice(0, (stream.columns ?? 80) - 1);
  return {
    say: (text) => void stream.write(`${clear}${text}\n${fitting()}`),
    show(status) {
      shown = status;
      stream.write(`${clear}${fitting()}`);
    },
    end() {
      shown = '';
      stream.write(clear);
    },
  };
}

/** The line that changes. Pure. */
export function statusLine(progress: Progress, startedAtMs: number, nowMs: number): string {
  const hop = currentHop(progress);
  const member = currentMember(progress);
  const where = hop === null ? [] : [`hop ${hop.number} of ${hop.of}, ${wayOf(hop)}`];
  const what = member === null ? [] : [member.member];
  return [
    clockText(nowMs - startedAtMs),
    ...where,
    ...what,
    progress.doing ?? 'Starting',
    ...leftText(progress, nowMs),
  ].join(' · ');
}

/** `about 35 s left`, where that can be said. Pure. */
export function leftText(progress: Progress, nowMs: number): readonly string[] {
  const ms = remainingMs(progress, nowMs);
  return ms === null ? [] : [`about ${aboutText(ms)} left`];
}
