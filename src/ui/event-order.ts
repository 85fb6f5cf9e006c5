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

/** Published events about single regions, of which more are hidden until the reader wants them. */
const maxOfRegions = 6;

/** With many regions, the published events about single ones are left out: the table of regions says the same. */
export function withoutManyRegions<T extends Ordered>(
  events: readonly T[],
): { readonly shown: readonly T[]; readonly more: number } {
  const isOfRegion = ({ status, region }: T) => status === 'published' && region !== undefined;
  const more = events.filter(isOfRegion).length;
  return more <= maxOfRegions ? { shown: events, more: 0 } : { shown: events.filter((one) => !isOfRegion(one)), more };
}
