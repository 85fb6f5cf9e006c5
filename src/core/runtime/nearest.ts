/** Finds the known name that is most similar to an unknown one, as a suggestion for a misspelled name. */

/** @returns the first of those that need the fewest changes; `undefined` when nothing is known */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const distances = known.map((one) => changesBetween(name.toLowerCase(), one.toLowerCase()));
  return known[distances.indexOf(Math.min(...distances))];
}

/**
 * Letters to add, drop, replace, or swap with their neighbour.
 * Optimal string alignment: https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance
 */
export function changesBetween(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwapped ? (before[j - 2] ?? 0) + 1 : replaced;
      row.push(Math.min(replaced, swapped, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = above;
    above = row;
  }
  return above[to.length] ?? 0;
}
