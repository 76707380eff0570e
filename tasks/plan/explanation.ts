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
export function explain(caught: Caught): Explanation {
  const { Error: error, Cause: cause } = innermost(caught);
  const message = messageIn(cause);
  if (!isFaultName(error)) {
    const text = message === '' ? 'the state machine stopped without a cause' : message;
    // A nested execution has named a heading before.
    if (text.includes('(runbook: ')) return { error, cause: text.slice(0, longestCause) };
    return { error, cause: `${text.slice(0, longestCause)} (runbook: docs/runbook.md#unexpected-errors)` };
  }
  const heading = `docs/runbook.md#${faults[error].runbook}`;
  const text = message === '' ? faults[error].meaning : message.slice(0, longestCause);
  return { error, cause: text.includes(heading) ? text : `${text} (runbook: ${heading})` };
}

/** A nested execution fails its state with a description of itself, which holds its own error and cause. */
function innermost(caught: Caught): Caught {
  const nested = objectIn(caught.Cause);
  if (caught.Error !== 'States.TaskFailed' || typeof nested?.ExecutionArn !== 'string') return caught;
  const { Error: error, Cause: cause, Status } = nested;
  if (typeof error !== 'string')
    return { Error: caught.Error, Cause: `the execution ${nested.ExecutionArn} ended ${Status}` };
  return { Error: error, Cause: typeof cause === 'string' ? cause : '' };
}

function messageIn(cause: string): string {
  const parsed = objectIn(cause);
  return parsed !== null && 'errorMessage' in parsed ? String(parsed.errorMessage) : cause;
}

/** Null where the text is no JSON object. */
function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
