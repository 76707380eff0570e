/** Chance that a seed decides. */

export interface Random {
  /** 0 up to 1, without 1. */
  next(): number;
  /** A whole number from 0 up to `count`, without it. */
  below(count: number): number;
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError where the list is empty */
  pick<T>(list: readonly T[]): T;
}

/** Mulberry32: 32 bits of state, enough to tell some thousand million seeds apart. */
export function seeded(seed: number): Random {
  let state = (seed * 0x9e3779b1) >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    next,
    below: (count) => Math.floor(next() * count),
    between: (least, most) => least + next() * (most - least),
    chance: (probability) => next() < probability,
    pick(list) {
      if (list.length === 0) throw new RangeError('there is nothing to pick from');
      return list[Math.floor(next() * list.length)] as (typeof list)[number];
    },
  };
}
