/**
 * The times of one image on one line, from its first arrival until now: the lag of each region, how long the missing
 * ones have been awaited, and when it was deleted where. The scale is logarithmic, so that both a tenth of a second and
 * eleven minutes are visible.
 */

import type { RegionAvailability } from '../core/image/region-availability.ts';
import type { ImageState } from '../core/image/state.ts';
import { isLearnedLate } from './arrival-times.ts';
import { formatSeconds } from './format.ts';

export interface Bar {
  /** `late`: at the end of it the tracker found the image, which came some time before. */
  readonly kind: 'arrived' | 'late' | 'waiting' | 'deleted' | 'none';
  /** Fraction of the line, 0 to 1. */
  readonly length: number;
}

export interface Timeline {
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly bars: readonly Bar[];
}

const steps = [0.1, 1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800, 2_592_000];
const finest = 0.1;
const minSeconds = 1;
/**
 * The least distance between labels as a fraction of the line; closer ones would overlap. `lastLabel` is kept free for
 * the last one, which is the widest.
 */
const minGap = 0.13;
const lastLabel = 0.3;

/**
 * @param now milliseconds since 1970, by the tracker's clock
 * @param firstSeenAt the start of the line where no region has the image any more
 */
export function timelineOf(
  regions: readonly RegionAvailability[],
  state: ImageState,
  now: number,
  firstSeenAt: string | null = null,
): Timeline {
  const times = regions.flatMap(({ since }) => (since === null ? [] : [Date.parse(since)]));
  const lags = regions.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  const starts = regions.flatMap(({ lagSeconds, since }) =>
    lagSeconds === null || since === null ? [] : [Date.parse(since) - lagSeconds * 1_000],
  );
  const seen = firstSeenAt === null ? [] : [Date.parse(firstSeenAt)];
  const first = Math.min(...(starts.length > 0 ? starts : [...times, ...seen]));
  const secondsAt = (time: number) => Math.max(0, time - first) / 1_000;
  const waited = times.length === 0 ? 0 : secondsAt(now);
  const isAwaited = (region: RegionAvailability) =>
    state === 'replicating' && region.state === 'missing' && region.expected;
  const deletedAfter = ({ state: one, since }: RegionAvailability) =>
    one === 'deleted' && since !== null ? secondsAt(Date.parse(since)) : undefined;
  const isOpen = regions.some(isAwaited) && times.length > 0;
  const deletes = regions.flatMap((region) => deletedAfter(region) ?? []);
  const end = Math.max(minSeconds, ...lags, ...deletes, isOpen ? waited : 0);
  const place = (seconds: number) => Math.log1p(seconds / finest) / Math.log1p(end / finest);
  return {
    ticks: ticksOf(end, place, isOpen),
    bars: regions.map((region): Bar => {
      if (region.lagSeconds !== null) {
        return { kind: isLearnedLate(region) ? 'late' : 'arrived', length: place(region.lagSeconds) };
      }
      const deleted = deletedAfter(region);
      if (deleted !== undefined) return { kind: 'deleted', length: place(deleted) };
      if (!isAwaited(region) || times.length === 0) return { kind: 'none', length: 0 };
      return { kind: 'waiting', length: 1 };
    }),
  };
}

/** From the left, as many as fit; the last is at the end of the line. */
function ticksOf(end: number, place: (seconds: number) => number, isOpen: boolean): Timeline['ticks'] {
  const ticks = [{ at: 0, label: '0' }];
  for (const step of steps) {
    const at = place(step);
    if (step < end && at - (ticks.at(-1)?.at ?? 0) >= minGap && at <= 1 - lastLabel) {
      ticks.push({ at, label: formatSeconds(step) });
    }
  }
  return [...ticks, { at: 1, label: isOpen ? 'now' : formatSeconds(end) }];
}
