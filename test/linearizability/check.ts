/** Whether a history of registers is linearizable, and where it is not, which operations contradict each other. */
import { type History, inWords, type Operation } from './history.ts';
import { isOrderable } from './search.ts';

/** Operations of one key that have no order, none of which can be left out. */
export interface Conflict {
  readonly key: string;
  /** In the order of their calls. */
  readonly operations: History;
}

/** None where the history is linearizable. Keys are independent, so each is looked at by itself. */
export function conflicts(history: History): readonly Conflict[] {
  return [...byKey(history)]
    .filter(([, operations]) => !isOrderable(operations))
    .map(([key, operations]) => ({ key, operations: contradiction(operations) }));
}

export function conflictInWords({ key, operations }: Conflict): string {
  return `${key}: no order of: ${operations.map(inWords).join('; ')}`;
}

function byKey(history: History): ReadonlyMap<string, History> {
  return Map.groupBy(history, ({ key }) => key);
}

/** What is left when everything is taken away that can be taken away while there is still no order. */
function contradiction(history: History): History {
  const time = firstBadEnd(history);
  // What was called later has no part in it.
  let left: History = history.filter(({ calledAt }) => calledAt <= time);
  const isBad = (operations: History) => !isOrderable(operations.map((operation) => asKnownAt(time, operation)));
  // Gets first: a put is needed as long as somebody reads it.
  const [gets, puts] = [left.filter(({ kind }) => kind === 'get'), left.filter(({ kind }) => kind === 'put')];
  for (const operation of [...gets, ...puts]) {
    const without = left.filter((one) => one !== operation);
    if (!isNeeded(operation, without) && isBad(without)) left = without;
  }
  return [...left].sort((one, other) => one.calledAt - other.calledAt);
}

/** Without it, a get would have read what nobody has put: another contradiction than the one that is there. */
function isNeeded({ kind, value }: Operation, others: History): boolean {
  return kind === 'put' && others.some((other) => other.kind === 'get' && other.value === value);
}

/** When the first operation ended after which there is no order any more, whatever came then. */
function firstBadEnd(history: History): number {
  const ends = history.map(({ endedAt }) => endedAt).sort((one, other) => one - other);
  const isGood = (time: number) =>
    isOrderable(history.filter(({ calledAt }) => calledAt <= time).map((operation) => asKnownAt(time, operation)));
  let [good, bad] = [-1, ends.length - 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isGood(ends[middle] ?? 0)) good = middle;
    else bad = middle;
  }
  return ends[bad] ?? 0;
}

/** Of what had not ended, the outcome was unknown. */
function asKnownAt(time: number, operation: Operation): Operation {
  return operation.endedAt <= time ? operation : { ...operation, outcome: 'unknown' };
}
