/** How far one region was behind for each of the newest images, to be drawn or counted. */
import type { AvailabilityDocument } from '../core/image/availability.ts';

export interface LagShape {
  readonly region: string;
  /** Seconds; `null` where it is missing. The oldest first. */
  readonly lags: readonly (number | null)[];
}

/** @param images newest first, as every list */
export function lagShapes(images: readonly AvailabilityDocument[], regions: readonly string[]): LagShape[] {
  const oldestFirst = images.filter(({ state }) => state !== 'deleted').toReversed();
  return regions.map((region) => ({
    region,
    lags: oldestFirst.map((image) => image.regions.find((each) => each.region === region)?.lagSeconds ?? null),
  }));
}

const bounds = [1, 10, 60, 600, 3_600];

/** How many images were how far behind: for who wants more than a shape. */
export function distribution({ lags }: LagShape): readonly (readonly [span: string, count: number])[] {
  const names = ['under 1 s', '1 to 10 s', '10 s to 1 min', '1 to 10 min', '10 min to 1 h', 'over 1 h'];
  const counts = names.map(() => 0);
  for (const lag of lags) {
    if (lag === null) continue;
    const found = bounds.findIndex((bound) => lag < bound);
    const at = found < 0 ? names.length - 1 : found;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const missing = lags.filter((lag) => lag === null).length;
  return [...names.map((name, i) => [name, counts[i] ?? 0] as const), ['missing', missing] as const];
}
