/**
 * Work that is due at some time: images and releases to evaluate again, deployment checks, webhooks to forward again, replays
 * after a pause. It is stored in a table, sorted by due time, and a timer function runs what is due. It is not stored as
 * invisible queue messages: they count in the metric by which the app is scaled, and ten thousand waiting images would start
 * hundreds of instances.
 */
import type { ForwardOrder } from '../image/forward-entry.ts';
import type { ImageName } from '../image/record.ts';
import type { TimedRelease } from '../releases/ports.ts';
import type { ReplayMessage } from '../replay/replay-job.ts';

export type DueWork =
  | {
      readonly kind: 'image';
      readonly name: ImageName;
      /** Since when replicas are asked for it, where none has reported it; milliseconds since 1970. */
      readonly firstNoticedAt?: number | undefined;
    }
  | {
      readonly kind: 'check';
      readonly id: string;
      readonly sequence: number;
      /** How far the clock of the instance that added it is ahead of the clock by which the check's times were set. */
      readonly aheadMs: number;
    }
  | { readonly kind: 'forward'; readonly order: ForwardOrder; readonly attempt: number }
  | { readonly kind: 'replay'; readonly message: ReplayMessage }
  /** An image to be counted again. */
  | { readonly kind: 'count'; readonly name: ImageName }
  | ({ readonly kind: 'release' } & TimedRelease);

/** As the timer function's schedule says. */
export const sweepEveryMs = 15_000;

/** How long an item is postponed while an instance works on it; after that another instance may start it. */
export const leaseMs = 60_000;
