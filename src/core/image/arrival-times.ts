/** When we learned that regions have an image: for the lag, and for the time since which a region has it. */
import { isIndexType } from '../model/media-types.ts';
import type { Region } from '../model/region.ts';
import type { Evidence } from './arrival.ts';
import { isDeleted } from './arrival.ts';
import { memberArrivals, wholeSince } from './family.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions } from './record.ts';

/** When we learned that the region has it, with all its members, milliseconds since 1970; `undefined` while it has not. */
export function availableSince(record: ImageRecord, region: Region): number | undefined {
  return wholeSince(arrivalIn(record, region), record.family, region);
}

/**
 * Whether the region, or one of its members there, did not report it itself: a probe or the log of deliveries found it later.
 * The time since which it is available is then later than the time at which it arrived.
 */
export function isLearnedLate(record: ImageRecord, region: Region): boolean {
  const isReport = (evidence: Evidence) => evidence === 'webhook' || evidence === 'eventGrid';
  const first = arrivalIn(record, region)?.evidence[0];
  const isLate = first !== undefined && !isReport(first);
  // The evidence of members is kept without its order.
  return isLate || memberArrivals(record.family, region).some(({ evidence }) => !evidence.some(isReport));
}

/**
 * When we learned of the first and the last region that has it now, milliseconds since 1970; `undefined` if no region has it.
 */
export function arrivalSpan(record: ImageRecord): { first: number; last: number } | undefined {
  const times = arrivalRegions(record).flatMap((region) => availableSince(record, region) ?? []);
  return times.length === 0 ? undefined : { first: Math.min(...times), last: Math.max(...times) };
}

/**
 * When we learned of the first region that had it in this generation, also if that region has deleted it since; milliseconds since
 * 1970. `undefined` if no region has it. Of an index, the record has no time at which a region had all its members once they are
 * deleted there: then it is `undefined` as well.
 */
export function firstArrival(record: ImageRecord): number | undefined {
  const { family, firstSeenAt } = record;
  const first = arrivalSpan(record)?.first;
  if (first === undefined || first <= firstSeenAt) return first;
  const regions = arrivalRegions(record);
  const own = regions.flatMap((region) => arrivalIn(record, region) ?? []);
  if (!isIndexType(record.mediaType)) return own.some(({ deletedAt }) => deletedAt !== null) ? firstSeenAt : first;
  const all = [...own, ...regions.flatMap((region) => memberArrivals(family, region))];
  return all.some((one) => isDeleted(one) && one.since > firstSeenAt) ? undefined : first;
}
