/** Histories to try the checker on. */
import fc from 'fast-check';
import type { Random } from '../simulation/random.ts';
import type { History, Operation } from './history.ts';

/** Up to six operations of one key, at few moments and with few values, so that most orders contradict something. */
export const tinyHistory: fc.Arbitrary<History> = fc.array(
  fc
    .record({
      kind: fc.constantFrom('put', 'get'),
      value: fc.constantFrom('a', 'b', 'c', null),
      outcome: fc.constantFrom('ok', 'ok', 'ok', 'unknown', 'failed'),
      calledAt: fc.nat(7),
      lasts: fc.nat(4),
    })
    .map(
      ({ lasts, kind, value, ...rest }): Operation => ({
        ...rest,
        key: 'k',
        kind,
        value: kind === 'put' ? (value ?? 'a') : value,
        endedAt: rest.calledAt + lasts,
      }),
    ),
  { maxLength: 6 },
);

/** Tries every order of every choice of what happened. */
export function isOrderableByTrial(history: History): boolean {
  const certain = history.filter(({ outcome }) => outcome === 'ok');
  const possible = history.filter(({ kind, outcome }) => kind === 'put' && outcome === 'unknown');
  return subsets(possible).some((happened) => isExtendable(null, [...certain, ...happened]));
}

function isExtendable(value: string | null, left: History): boolean {
  if (left.length === 0) return true;
  return left.some((operation) => {
    const others = left.filter((one) => one !== operation);
    const inTime = others.every((one) => one.outcome === 'unknown' || one.endedAt >= operation.calledAt);
    const fits = operation.kind === 'put' || operation.value === value;
    return inTime && fits && isExtendable(operation.value, others);
  });
}

function subsets(history: History): readonly History[] {
  const [first, ...others] = history;
  if (first === undefined) return [[]];
  return subsets(others).flatMap((some) => [some, [first, ...some]]);
}

export interface Shape {
  readonly operations: number;
  readonly keys: number;
  /** Milliseconds from one call to the next, over all keys. */
  readonly everyMs: number;
  /** How long an operation takes at most, in milliseconds. */
  readonly longestMs: number;
}

/** Of registers that work: each operation takes effect at one moment. One put in ten is of unknown outcome. */
export function generated(random: Random, { operations, keys, everyMs, longestMs }: Shape): History {
  const planned = Array.from({ length: operations }, (_, number) => {
    const calledAt = number * everyMs;
    const endedAt = calledAt + random.between(0, longestMs);
    const put = random.chance(0.5);
    const outcome = put && random.chance(0.1) ? ('unknown' as const) : ('ok' as const);
    const latest = outcome === 'ok' ? endedAt : endedAt + longestMs;
    const never = outcome === 'unknown' && random.chance(0.3);
    const happensAt = never ? Number.POSITIVE_INFINITY : random.between(calledAt, latest);
    const value = put ? String(number) : null;
    return {
      key: `k${number % keys}`,
      kind: put ? 'put' : 'get',
      value,
      outcome,
      calledAt,
      endedAt,
      happensAt,
    } as const;
  });
  const registers = new Map<string, string | null>();
  return [...planned]
    .sort((one, other) => one.happensAt - other.happensAt)
    .map(({ happensAt: _, ...operation }) => {
      if (operation.kind === 'get') return { ...operation, value: registers.get(operation.key) ?? null };
      registers.set(operation.key, operation.value);
      return operation;
    })
    .sort((one, other) => one.calledAt - other.calledAt);
}
