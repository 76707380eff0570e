/** What can go wrong inside an execution: an error name and a cause, as Retry, Catch and the execution's status see them. */

export class StatesError extends Error {
  override readonly name = 'StatesError';
  readonly error: string;
  override readonly cause: string;
  /** A narrower name that Retry and Catch may also know the error by. */
  readonly alias: string | undefined;

  constructor(error: string, cause: string, alias?: string) {
    super(`${error}: ${cause}`);
    this.error = error;
    this.cause = cause;
    this.alias = alias;
  }
}

/** A path, a field's value or a definition that does not work out at run time. Ends the execution; nothing catches it. */
export const runtimeError = (cause: string): StatesError => new StatesError('States.Runtime', cause);

export const dataLimitError = (what: string): StatesError =>
  new StatesError(
    'States.DataLimitExceeded',
    `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );

/**
 * Whether an `ErrorEquals` list names an error. `States.ALL` leaves out `States.DataLimitExceeded`; `States.Runtime`
 * is matched by nothing; `States.TaskFailed` leaves out time-outs. A missed heartbeat is reported as `States.Timeout`, and
 * also matched by `States.HeartbeatTimeout`.
 * Source: AWS Step Functions developer guide, "Handling errors in Step Functions workflows".
 */
export function matchesError(
  errorEquals: readonly string[],
  { error, alias }: { readonly error: string; readonly alias?: string | undefined },
): boolean {
  if (error === 'States.Runtime') return false;
  if (errorEquals.includes(error) || (alias !== undefined && errorEquals.includes(alias))) return true;
  if (error === 'States.DataLimitExceeded') return false;
  if (errorEquals.includes('States.ALL')) return true;
  return error !== 'States.Timeout' && errorEquals.includes('States.TaskFailed');
}
