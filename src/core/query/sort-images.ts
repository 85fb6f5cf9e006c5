/** The order of a list whose images are all read, as the catalogue would have it. */
import { entryOf } from '../catalogue/entry.ts';
import type { ListOrder } from '../catalogue/ports.ts';
import type { ImageRecord } from '../image/record.ts';
import type { ReplicaSet } from '../model/replica-set.ts';

/** Added to how long an unfinished image has lasted, so that it is listed before every finished one; more than any lag. */
const beforeFinishedMs = 1e12;

/** @param records newest first */
export function inOrder(records: readonly ImageRecord[], sort: ListOrder, set: ReplicaSet, now: number): ImageRecord[] {
  if (sort === 'newest') return [...records];
  if (sort === 'name') {
    return [...records].sort((a, b) => compare(a.name.repository, b.name.repository));
  }
  const lagOf = (record: ImageRecord) => {
    const entry = entryOf(record, set);
    if (entry === undefined || entry.state === 'deleted') return -1;
    return entry.lagMs ?? now - entry.firstSeenAt + beforeFinishedMs;
  };
  return [...records].sort((a, b) => lagOf(b) - lagOf(a));
}

function compare(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}
