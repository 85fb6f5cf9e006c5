/**
 * Makes every random decision of a schedule: from a number drawn from the seed and the name of what is decided, such as
 * "the third commit of instance b". Because the name and not the position determines the number, a schedule can be made
 * smaller piece by piece while everything else stays the same. With one stream of random numbers, each piece that is
 * left out would change all that follows.
 */
export type Random = () => number;

export interface Choices {
  /**
   * What is decided under this name: `plain` if it has been left out, otherwise the result of `choose` for random
   * numbers.
   */
  choose<T>(name: string, plain: T, choose: (random: Random) => T): T;
  /** Names under which something else than `plain` was decided, in order. */
  readonly taken: ReadonlySet<string>;
}

/** @param kept names that may still decide; every one without */
export function choices(seed: number, kept?: ReadonlySet<string>): Choices {
  const taken = new Set<string>();
  return {
    taken,
    choose(name, plain, choose) {
      if (kept !== undefined && !kept.has(name)) return plain;
      const chosen = choose(randomFrom(hash(name, seed)));
      if (chosen !== plain) taken.add(name);
      return chosen;
    },
  };
}

/** FNV-1a over the characters, begun with the seed. */
export function hash(text: string, seed = 0): number {
  let value = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Mulberry32: good enough for choosing, and a few nanoseconds a number. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(random: Random, from: readonly [T, ...T[]]): T {
  return from[Math.floor(random() * from.length)] ?? from[0];
}

export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}
