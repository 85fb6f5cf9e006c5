/**
 * Which of two digests a tag was pushed with later. In one region the times of its events tell. Times of two regions can be
 * compared only if events carry the time of the push and not of its arrival, which the registry does not promise; so where
 * some region has seen both, its word counts, and an old push that arrives late elsewhere moves no tag back.
 */
import type { EventTime } from './event-time.ts';
import { isLater, latest } from './event-time.ts';

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

export function isPushedLater(pushes: TagPushes, than: TagPushes): boolean {
  const [won, lost] = [regionsLater(pushes, than).length > 0, regionsLater(than, pushes).length > 0];
  if (won !== lost) return won;
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
