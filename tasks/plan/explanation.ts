/** Turns what a state machine caught into what an operator reads. Pure. */
import { faults, isFaultName } from '#etcd/faults.ts';

export interface Caught {
  readonly Error: string;
  readonly Cause: string;
}

export interface Explanation {
  readonly error: string;
  readonly cause: string;
}

/** What a Fail state shows of a cause, in characters; longer ones are cut. */
const longestCause = 4_000;

/** A task's cause is Lambda's JSON: its message says it. Names that are not ours get the runbook's general heading. */
export function explain({ Error: error, Cause: cause }: Caught): Explanation {
  const message = messageIn(cause);
  if (!isFaultName(error)) {
    const text = message === '' ? 'the state machine stopped without a cause' : message;
    return { error, cause: `${text.slice(0, longestCause)} (runbook: docs/runbook.md#unexpected-errors)` };
  }
  const heading = `docs/runbook.md#${faults[error].runbook}`;
  const text = message === '' ? faults[error].meaning : message.slice(0, longestCause);
  return { error, cause: text.includes(heading) ? text : `${text} (runbook: ${heading})` };
}

function messageIn(cause: string): string {
  try {
    const parsed: unknown = JSON.parse(cause);
    if (typeof parsed === 'object' && parsed !== null && 'errorMessage' in parsed) return String(parsed.errorMessage);
  } catch {
    // Not Lambda's: the text itself.
  }
  return cause;
}
