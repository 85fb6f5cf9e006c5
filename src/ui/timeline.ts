/**
 * The times of one image on one line: how far each region was behind the first, and how long the silent ones have kept
 * silent. The scale follows what has arrived, so that one region late by hours leaves the others readable.
 */
import type { RegionAvailability } from '../core/availability.ts';
import type { ImageState } from '../core/image.ts';
import { formatSeconds } from './format.ts';

export interface Bar {
  readonly kind: 'arrived' | 'waiting' | 'none';
  /** Share of the line, 0 to 1. */
  readonly length: number;
  /** It goes on beyond the end of the line. */
  readonly isCut: boolean;
}

export interface Timeline {
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly bars: readonly Bar[];
}

const steps = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400,
];
const mostTicks = 4;
const shortestSeconds = 1;

/** @param now milliseconds since 1970, by the tracker's clock */
export function timelineOf(regions: readonly RegionAvailability[], state: ImageState, now: number): Timeline {
  const lags = regions.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  const starts = regions.flatMap((region) =>
    region.lagSeconds === null || region.since === null ? [] : [Date.parse(region.since)],
  );
  const waited = starts.length === 0 ? 0 : Math.max(0, now - Math.min(...starts)) / 1000;
  const isAwaited = (region: RegionAvailability) =>
    state === 'replicating' && region.state === 'missing' && region.expected;
  const isWaiting = regions.some(isAwaited);
  const largest = Math.max(shortestSeconds, ...lags);
  // Room behind the last arrival, for those still on their way.
  const end = isWaiting ? Math.min(Math.max(largest, waited), lags.length > 1 ? largest * 1.6 : waited) : largest;
  const whole = Math.max(end, shortestSeconds);
  return {
    ticks: ticksUpTo(whole),
    bars: regions.map((region): Bar => {
      if (region.lagSeconds !== null) return { kind: 'arrived', length: region.lagSeconds / whole, isCut: false };
      if (!isAwaited(region) || starts.length === 0) return { kind: 'none', length: 0, isCut: false };
      return { kind: 'waiting', length: Math.min(1, waited / whole), isCut: waited > whole };
    }),
  };
}

function ticksUpTo(whole: number): Timeline['ticks'] {
  const step = steps.find((each) => whole / each <= mostTicks) ?? whole / mostTicks;
  const count = Math.floor(whole / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => ({
    at: (index * step) / whole,
    label: index === 0 ? '0' : formatSeconds(index * step),
  }));
}
