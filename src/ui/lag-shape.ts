/** The lag of one region for each of the newest images, to draw or to count. */
import type { AvailabilityDocument } from '../core/image/availability.ts';

export interface LagPoint {
  /** When the first region had the image, milliseconds since 1970. */
  readonly at: number;
  /** Seconds; `null` where the image is missing. */
  readonly lag: number | null;
}

export interface LagShape {
  readonly region: string;
  /** Oldest first. */
  readonly points: readonly LagPoint[];
}

/** The time range of the chart, in milliseconds since 1970. */
export interface LagSpan {
  readonly from: number;
  readonly until: number;
}

const dayMs = 86_400_000;

/** @param images newest first, as in every list */
export function lagShapes(images: readonly AvailabilityDocument[], regions: readonly string[]): LagShape[] {
  // A region that has deleted an image does not wait for it.
  const oldestFirst = images.filter(({ state }) => state !== 'deleting' && state !== 'deleted').toReversed();
  return regions.map((region) => ({
    region,
    points: oldestFirst.flatMap((image): LagPoint[] => {
      const at = image.firstSeenAt === null ? Number.NaN : Date.parse(image.firstSeenAt);
      if (Number.isNaN(at)) return [];
      return [{ at, lag: image.regions.find((each) => each.region === region)?.lagSeconds ?? null }];
    }),
  }));
}

/**
 * The last day, or less where the newest images do not go back that far.
 * @param isCut whether there are older images than these
 */
export function lagSpan({ points }: LagShape, isCut: boolean, now: number): LagSpan {
  const oldest = points[0]?.at ?? now;
  return { from: isCut ? Math.max(oldest, now - dayMs) : now - dayMs, until: now };
}

const bounds = [1, 10, 60, 600, 3_600];

/** The number of images per range of lag, as a text alternative to the chart. */
export function distribution({ points }: LagShape): readonly (readonly [span: string, count: number])[] {
  const names = ['under 1 s', '1 to 10 s', '10 s to 1 min', '1 to 10 min', '10 min to 1 h', 'over 1 h'];
  const counts = names.map(() => 0);
  for (const { lag } of points) {
    if (lag === null) continue;
    const found = bounds.findIndex((bound) => lag < bound);
    const at = found < 0 ? names.length - 1 : found;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const missing = points.filter(({ lag }) => lag === null).length;
  return [...names.map((name, i) => [name, counts[i] ?? 0] as const), ['missing', missing] as const];
}
