/** How many regions are kept for one image: whoever knows the secret can invent any number of them. */
import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { findReplica } from '../model/replica-set.ts';
import { parseAnnouncementKey } from './announcement-key.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions } from './record.ts';

/** Kept for one image, and shown of one registry; those in the replica set first. Azure has about sixty regions. */
export const maxRegions = 50;

/**
 * Forgets regions beyond the bound: never one in the replica set, nor the one that has just spoken, and of the others those
 * first that have been silent for longest. With a region goes what was announced of it.
 * @returns the same object within the bound
 */
export function keepRegions(record: ImageRecord, spoken: Region, set: ReplicaSet): ImageRecord {
  const regions = arrivalRegions(record);
  if (regions.length <= maxRegions) return record;
  const learnedAt = (region: Region) => arrivalIn(record, region)?.learnedAt ?? 0;
  const gone = regions
    .filter((region) => region !== spoken && findReplica(set, region) === undefined)
    .sort((a, b) => learnedAt(a) - learnedAt(b))
    .slice(0, regions.length - maxRegions);
  const isGone = (region: string | undefined) => region !== undefined && gone.includes(region as Region);
  return {
    ...record,
    arrivals: Object.fromEntries(Object.entries(record.arrivals).filter(([region]) => !isGone(region))),
    announcements: record.announcements.filter(({ key }) => !isGone(parseAnnouncementKey(key).region)),
  };
}
