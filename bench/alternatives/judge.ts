/**
 * What a run amounts to: how late the news was, and what was wrong with it. Early is the accident that all of this is
 * there to prevent; never is a pipeline that hangs.
 */
import { quantile } from '../statistics.ts';
import type { Run, Seen } from './stage.ts';

export interface Verdict {
  /** Images, all told. */
  readonly images: number;
  /** Seconds from the moment the last region really had it. */
  readonly p50: number;
  readonly p99: number;
  /** The same, for images of which no webhook event was lost. */
  readonly p99NothingLost: number;
  /** Images told, or waiters released, before it was true. */
  readonly early: number;
  /** Images told under several ids. */
  readonly twice: number;
  /** Images that were everywhere, and somebody was never told. */
  readonly never: number;
  readonly neverThoughNothingLost: number;
}

/** @param by what is judged: the first telling, or every waiter's release */
export function judge({ images }: Run, by: 'told' | 'waits'): Verdict {
  const delaysOf = (some: readonly Seen[]) => some.flatMap((image) => delays(image, by)).map((delay) => delay / 1_000);
  const all = delaysOf(images);
  const never = images.filter((image) => isNever(image, by));
  return {
    images: images.length,
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    p99NothingLost: quantile(delaysOf(images.filter(({ lost }) => lost === 0)), 0.99),
    early: images.filter((image) => endsOf(image, by).some((at) => at < (image.everywhereAt ?? Infinity))).length,
    twice: images.filter(({ told }) => new Set(told.map(({ id }) => id)).size > 1).length,
    never: never.length,
    neverThoughNothingLost: never.filter(({ lost }) => lost === 0).length,
  };
}

function endsOf({ told, waits }: Seen, by: 'told' | 'waits'): number[] {
  return by === 'told' ? told.map(({ at }) => at) : waits.flatMap(({ at }) => at ?? []);
}

/** Of those who were waiting when it became true: who comes later is answered at once by anybody. */
function delays({ everywhereAt, told, waits }: Seen, by: 'told' | 'waits'): number[] {
  if (everywhereAt === undefined) return [];
  const ends = by === 'told' ? told.slice(0, 1) : waits.filter(({ from }) => from < everywhereAt);
  return ends.flatMap(({ at }) => (at === undefined || at < everywhereAt ? [] : at - everywhereAt));
}

function isNever({ everywhereAt, told, waits }: Seen, by: 'told' | 'waits'): boolean {
  if (everywhereAt === undefined) return false;
  return by === 'told' ? told.length === 0 : waits.some(({ at }) => at === undefined);
}
