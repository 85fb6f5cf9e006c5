/** Expired records: what is left of an image that was deleted everywhere long ago, and what a later delete changes in it. */

import type { ReplicaSet } from '../model/replica-set.ts';
import type { Arrival, Fact } from './arrival.ts';
import { isDeleted, onlyDeleted } from './arrival.ts';
import type { DecisionContext } from './context.ts';
import { carriedOver } from './generation.ts';
import { keepRegions } from './kept-regions.ts';
import { nothingYet } from './new-record.ts';
import type { ImageRecord } from './record.ts';
import { hasPending } from './record.ts';
import { isManifestDeleted } from './state.ts';

/** Reduces the record to what a later push needs, if nothing of it is pending and it has not changed after `unchangedSince`. */
export function expire(record: ImageRecord, unchangedSince: number, { set, now }: DecisionContext): ImageRecord {
  const isDue = !hasPending(record) && record.changedAt <= unchangedSince && isManifestDeleted(record, set);
  if (!isDue) return record;
  // Regions outside the replica set may still have the image. They do not keep the record from expiring.
  const deleted = Object.entries(record.arrivals).filter(([, arrival]) => isDeleted(arrival));
  const left = { ...record, arrivals: Object.fromEntries(deleted) };
  const arrivals = deleted.map(([region, arrival]) => [region, onlyDeleted(arrival)]);
  const { name, generation, firstSeenAt, changedAt } = record;
  return {
    ...nothingYet,
    name,
    generation,
    firstSeenAt,
    changedAt,
    arrivals: Object.fromEntries(arrivals),
    alreadyAnnounced: carriedOver(left, set),
    expiredAt: now,
    ...(record.memberOf === undefined ? {} : { memberOf: record.memberOf }),
    ...(record.subject === undefined ? {} : { subject: record.subject }),
    ...(record.bytes === undefined ? {} : { bytes: record.bytes }),
  };
}

/**
 * A delete of an image whose record has expired starts no generation and publishes nothing. It is stored all the same: a push
 * from before this delete may arrive later, and must count as older.
 */
export function stillExpired(
  record: ImageRecord,
  { kind, region, receivedAt }: Fact,
  next: Arrival,
  set: ReplicaSet,
): ImageRecord {
  if (kind !== 'delete') return record;
  const arrivals = { ...record.arrivals, [region]: onlyDeleted(next) };
  return keepRegions({ ...record, arrivals, changedAt: Math.max(record.changedAt, receivedAt) }, region, set);
}
