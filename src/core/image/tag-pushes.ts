/**
 * Which of two digests a tag was pushed with later. Times of one region can be compared. Times of two regions cannot: clocks of
 * replicas differ, and the registry does not promise that an event carries the time of the push and not of its arrival. So the
 * order is known only if some region has reported both pushes, and no region has reported the opposite order.
 */
import type { EventTime } from '../model/event-time.ts';
import { isLater, latest } from '../model/event-time.ts';

/** The last push of one digest under one tag, by region. */
export type TagPushes = Readonly<Record<string, EventTime>>;

export function lastPush(pushes: TagPushes): EventTime | null {
  return Object.values(pushes).reduce<EventTime | null>(latest, null);
}

/** Regions where the first was pushed later than the second. */
export function regionsLater(pushes: TagPushes, than: TagPushes): string[] {
  return Object.keys(pushes).filter((region) => {
    const [at, other] = [pushIn(pushes, region), pushIn(than, region)];
    return at !== null && other !== null && isLater(at, other);
  });
}

/** Whether the first is known to have been pushed later. `false` where the order is not known. */
export function isPushedLater(pushes: TagPushes, than: TagPushes): boolean {
  return regionsLater(pushes, than).length > 0 && regionsLater(than, pushes).length === 0;
}

/**
 * As `isPushedLater`, but guesses by the last push of any region if the order is not known. The guess may choose which digest an
 * answer is about, and open a round. It never closes a round or supersedes a tag.
 */
export function isProbablyLater(pushes: TagPushes, than: TagPushes): boolean {
  if (isPushedLater(pushes, than) || isPushedLater(than, pushes)) return isPushedLater(pushes, than);
  const [last, other] = [lastPush(pushes), lastPush(than)];
  return last !== null && isLater(last, other);
}

/**
 * The later push of both in each region.
 * @returns the same object as `pushes` if `others` adds nothing
 */
export function latestPushes(pushes: TagPushes, others: TagPushes): TagPushes {
  const newer = Object.entries(others).filter(([region, at]) => isLater(at, pushIn(pushes, region)));
  return newer.length === 0 ? pushes : { ...pushes, ...Object.fromEntries(newer) };
}

export function pushIn(pushes: TagPushes, region: string): EventTime | null {
  return Object.hasOwn(pushes, region) ? (pushes[region] ?? null) : null;
}
