/** Numbers that are the same for the same seed. [Tommy Ettinger's mulberry32, public domain: restated] */
export const randomOf = (/** @type {number} */ seed) => {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (/** @type {number} */ most) => Math.floor(next() * most);
  return {
    next,
    below,
    /** True once in so many times. */
    oneIn: (/** @type {number} */ times) => below(times) === 0,
    /** @template T @param {readonly T[]} all @returns {T} */
    pick: (all) => /** @type {T} */ (all[below(all.length)]),
    bytes: (/** @type {number} */ count) => Buffer.from(Array.from({ length: count }, () => below(256))),
  };
};

/** @typedef {ReturnType<typeof randomOf>} Random */
