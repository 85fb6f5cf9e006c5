/**
 * Which of two digests a tag was pushed with later. The events of one region tell, by their times. Times of two regions do
 * not: clocks of replicas differ, and the registry does not promise that an event carries the time of the push and not of
 * its arrival. So the order is known only where some region has reported both, and none has reported the opposite.
 */
import type { EventTime } from '../model/event-time.ts';
import { isLater, latest } from '../model/event-time.ts';

/** Of one digest under one tag: the last push in each region. */
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

/** The same, with a guess by the last push of any region where the order is not known. Nothing may be claimed on it. */
export function isProbablyLater(pushes: TagPushes, than: TagPushes): boolean {
  if (isPushedLater(pushes, than) || isPushedLater(than, pushes)) return isPushedLater(pushes, than);
  const [last, other] = [lastPush(pushes), lastPush(than)];
  return last !== null && isLater(last, other);
}

/** In each region the later of both. The same object as the first when the second brings nothing new. */
export function latestPushes(pushes: TagPushes, others: TagPushes): TagPushes {
  const news = Object.entries(others).filter(([region, at]) => isLater(at, pushIn(pushes, region)));
  return news.length === 0 ? pushes : { ...pushes, ...Object.fromEntries(news) };
}

export function pushIn(pushes: TagPushes, region: string): EventTime | null {
  return Object.hasOwn(pushes, region) ? (pushes[region] ?? null) : null;
}
