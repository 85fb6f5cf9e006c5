/** Statistics of a few figures, by order only: a mean would let one disturbed round decide the result. */

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return (quantile(values, 0.5) + upperMiddle(values)) / 2;
}

/** The smallest value that at least this share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function upperMiddle(values: readonly number[]): number {
  return ascending(values)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((one, other) => one - other);
}
