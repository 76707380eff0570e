/**
 * The search for an order of one register's operations in which each takes effect at one moment between its call and its
 * end: that of Wing and Gong (Testing and Verifying Concurrent Objects, 1993), with Lowe's memory of what was tried already
 * (Testing for Linearizability, 2017). Finding one takes exponential time at worst, in the number of operations at once.
 */
import type { History, Operation } from './history.ts';

/** Where the search is: which operations are in the order so far, and what the register holds after them. */
interface Position {
  /** All acknowledged operations before this index are in the order; */
  readonly base: number;
  /** and these, ascending. */
  readonly beyond: readonly number[];
  readonly value: string | null;
}

/** @param history operations of one key, which holds nothing at first */
export function isOrderable(history: History): boolean {
  const { operations, acknowledged } = relevant(history);
  const start: Position = { base: 0, beyond: [], value: null };
  const tried = new Set([written(start)]);
  // Depth first, with a stack of our own: an order is as deep as the history is long.
  const open = [start];
  for (let position = open.pop(); position !== undefined; position = open.pop()) {
    if (position.base === acknowledged) return true;
    for (const index of nextOnes(operations, acknowledged, position)) {
      const after = taken(operations, acknowledged, position, index);
      const text = written(after);
      if (tried.has(text)) continue;
      tried.add(text);
      open.push(after);
    }
  }
  return false;
}

/**
 * The acknowledged operations in the order of their calls, then the puts of unknown outcome. Reads without an answer say
 * nothing, failed puts did nothing, and an unknown put whose value nobody read may as well never have happened.
 */
function relevant(history: History): { operations: History; acknowledged: number } {
  const byCall = (one: Operation, other: Operation) => one.calledAt - other.calledAt;
  const ok = history.filter(({ outcome }) => outcome === 'ok').sort(byCall);
  const seen = new Set(ok.flatMap(({ kind, value }) => (kind === 'get' ? [value] : [])));
  const unknown = history.filter(
    ({ kind, outcome, value }) => kind === 'put' && outcome === 'unknown' && seen.has(value),
  );
  return { operations: [...ok, ...unknown], acknowledged: ok.length };
}

/**
 * Those that may come next: called before any of the rest had ended, and no get of another value. Where one of them is a
 * get, it alone: an order that has it later is as good with it here.
 */
function nextOnes(operations: History, acknowledged: number, { base, beyond, value }: Position): readonly number[] {
  const done = new Set(beyond);
  const left: number[] = [];
  let firstEnd = Number.POSITIVE_INFINITY;
  for (let index = base; index < acknowledged; index++) {
    const operation = operations[index];
    if (operation === undefined || operation.calledAt > firstEnd) break;
    if (done.has(index)) continue;
    firstEnd = Math.min(firstEnd, operation.endedAt);
    left.push(index);
  }
  for (let index = acknowledged; index < operations.length; index++) if (!done.has(index)) left.push(index);
  const called = left.filter((index) => (operations[index]?.calledAt ?? 0) <= firstEnd);
  const get = called.find((index) => operations[index]?.kind === 'get' && operations[index]?.value === value);
  if (get !== undefined) return [get];
  // The last one is tried first: what was called first most often comes first.
  return called.filter((index) => operations[index]?.kind === 'put').reverse();
}

function taken(operations: History, acknowledged: number, position: Position, index: number): Position {
  const beyond = new Set([...position.beyond, index]);
  let { base } = position;
  for (; base < acknowledged && beyond.has(base); base++) beyond.delete(base);
  const value = operations[index]?.value ?? null;
  return { base, beyond: [...beyond].sort((one, other) => one - other), value };
}

function written({ base, beyond, value }: Position): string {
  return `${base}|${beyond}|${value === null ? '' : `=${value}`}`;
}
