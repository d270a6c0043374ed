/** Numbers that a seed decides: the same seed gives the same ones, in the same order. */
export type RandomNumbers = {
  /** A whole number from `low` to `high`, both included. */
  integer: (low: number, high: number) => number;
  pick: <T>(list: readonly [T, ...T[]]) => T;
  /** True so often: 0 never, 1 always. */
  chance: (share: number) => boolean;
};

/** Opens a row of numbers, each from a multiplication of the seed's next state (a Weyl sequence, then mixed). */
export function openRandom(seed: number): RandomNumbers {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    integer,
    pick: ([first, ...others]) => others[integer(-1, others.length - 1)] ?? first,
    chance: (share) => next() < share,
  };
}
