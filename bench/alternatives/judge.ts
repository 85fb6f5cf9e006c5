/**
 * The result of a run: how late each image was published, and which were wrong. Early is what the tracker exists to
 * prevent; never is a pipeline that hangs.
 */
import { quantile } from '../statistics.ts';
import type { Run, Seen } from './stage.ts';

export interface Verdict {
  /** All images. */
  readonly images: number;
  /** Seconds from the moment the last region had it. */
  readonly p50: number;
  readonly p99: number;
  /** The same, for images without a lost webhook event. */
  readonly p99NothingLost: number;
  /** Images published, or waiters released, before the image was everywhere. */
  readonly early: number;
  /** Images published under several ids. */
  readonly twice: number;
  /** Images that were everywhere without being published, or with a waiter that was never released. */
  readonly never: number;
  readonly neverThoughNothingLost: number;
}

/** @param by what is judged: the first publication, or the release of every waiter */
export function judge({ images }: Run, by: 'published' | 'waits'): Verdict {
  const delaysOf = (some: readonly Seen[]) => some.flatMap((image) => delays(image, by)).map((delay) => delay / 1_000);
  const all = delaysOf(images);
  const never = images.filter((image) => isNever(image, by));
  return {
    images: images.length,
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    p99NothingLost: quantile(delaysOf(images.filter(({ lost }) => lost === 0)), 0.99),
    early: images.filter((image) => endsOf(image, by).some((at) => at < (image.everywhereAt ?? Infinity))).length,
    twice: images.filter(({ published }) => new Set(published.map(({ id }) => id)).size > 1).length,
    never: never.length,
    neverThoughNothingLost: never.filter(({ lost }) => lost === 0).length,
  };
}

function endsOf({ published, waits }: Seen, by: 'published' | 'waits'): number[] {
  return by === 'published' ? published.map(({ at }) => at) : waits.flatMap(({ at }) => at ?? []);
}

/** Only waiters that were waiting when the image became available: later ones are answered at once in any solution. */
function delays({ everywhereAt, published, waits }: Seen, by: 'published' | 'waits'): number[] {
  if (everywhereAt === undefined) return [];
  const ends = by === 'published' ? published.slice(0, 1) : waits.filter(({ from }) => from < everywhereAt);
  return ends.flatMap(({ at }) => (at === undefined || at < everywhereAt ? [] : at - everywhereAt));
}

function isNever({ everywhereAt, published, waits }: Seen, by: 'published' | 'waits'): boolean {
  if (everywhereAt === undefined) return false;
  return by === 'published' ? published.length === 0 : waits.some(({ at }) => at === undefined);
}
