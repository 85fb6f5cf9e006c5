/** Limits the regions kept for one image: a sender that knows the webhook secret can invent any number of them. */
import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { findReplica } from '../model/replica-set.ts';
import { parseAnnouncementKey } from './announcement-key.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions } from './record.ts';

/** Kept for one image, and shown for one registry; regions of the replica set have priority. Azure has about sixty regions. */
export const maxRegions = 50;

/**
 * Drops regions above the limit, with their announcements: those with the oldest reports first, but none of the replica set,
 * and not `reporting`.
 * @param reporting the region that has just reported
 * @returns the same object within the limit
 */
export function keepRegions(record: ImageRecord, reporting: Region, set: ReplicaSet): ImageRecord {
  const regions = arrivalRegions(record);
  if (regions.length <= maxRegions) return record;
  const learnedAt = (region: Region) => arrivalIn(record, region)?.learnedAt ?? 0;
  const dropped = regions
    .filter((region) => region !== reporting && findReplica(set, region) === undefined)
    .sort((a, b) => learnedAt(a) - learnedAt(b))
    .slice(0, regions.length - maxRegions);
  const isDropped = (region: string | undefined) => region !== undefined && dropped.includes(region as Region);
  return {
    ...record,
    arrivals: Object.fromEntries(Object.entries(record.arrivals).filter(([region]) => !isDropped(region))),
    announcements: record.announcements.filter(({ key }) => !isDropped(parseAnnouncementKey(key).region)),
  };
}
