/**
 * Repeatable random values. Every value comes from a seed and a label (`push 3`, `push 3 to eastus`), never from the
 * order in which things run. Otherwise two runs with the same seed would differ as soon as one answer took a
 * millisecond longer, and a failure could not be reproduced.
 */

/** The next number of a stream, at least 0 and below 1. */
export type Random = () => number;

/** The stream of this seed and label; the same pair always gives the same numbers. */
export function openRandom(seed: number, label = ''): Random {
  let state = hashLabel(`${seed}/${label}`);
  // mulberry32: 32 bits of state, fast, and uniform enough for lags and losses (not for secrets).
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** FNV-1a with a final mix, so that labels that differ in their last letter give unrelated streams. */
function hashLabel(label: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < label.length; index += 1) {
    hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** True with the given probability; 0 is never, 1 is always. */
export function drawChance(random: Random, probability: number): boolean {
  return random() < probability;
}

export function drawBetween(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}

/** @throws RangeError when there is nothing to choose from */
export function drawFrom<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('drawFrom: nothing to choose from (got an empty list)');
  return item;
}

/**
 * Typical of replication times: most are close to the median, a few far above, none below zero. `spread` is the
 * standard deviation of the logarithm; at 0.5, one value in twelve is more than twice the median.
 */
export function drawLogNormal(random: Random, median: number, spread: number): number {
  // Box-Muller; 1 - random() keeps the logarithm away from zero.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(spread * normal);
}

export function drawBytes(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index += 1) bytes[index] = Math.floor(random() * 256);
  return bytes;
}

/** A version 4 UUID, the form of webhook event ids. */
export function drawUuid(random: Random): string {
  const bytes = drawBytes(random, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
