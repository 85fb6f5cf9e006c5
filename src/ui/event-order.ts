/**
 * The display order of events: those not accepted yet, then those about all regions, then those about one region; the
 * newest first in each group.
 */
interface Ordered {
  readonly status: 'pending' | 'published';
  /** ISO 8601. */
  readonly time: string;
  readonly region?: string;
}

/** With twelve regions there are twelve events about single ones; readers mostly look for those about all regions. */
export function inShownOrder<T extends Ordered>(events: readonly T[]): T[] {
  const newest = events.toSorted((a, b) => (a.time === b.time ? 0 : a.time < b.time ? 1 : -1));
  const rank = ({ status, region }: T) => (status === 'pending' ? 0 : 2) + (region === undefined ? 0 : 1);
  return newest.toSorted((a, b) => rank(a) - rank(b));
}
