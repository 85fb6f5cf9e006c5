/**
 * Work that is due at some time: images and releases to look at again, deployment checks, webhooks to be forwarded once more, pauses of
 * replays. It is kept in a table, by due time, and a timer function sweeps what is due. A message that hides on a queue
 * until then would count for the queue's scale metric all the while, and ten thousand sleeping images would ask for
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
      /** Since when it is looked for, where no replica has reported it. */
      readonly firstNoticedAt?: number | undefined;
    }
  | {
      readonly kind: 'check';
      readonly id: string;
      readonly turn: number;
      /** How far the clock of whoever added it is ahead of the one that the check's own times go by. */
      readonly aheadMs: number;
    }
  | { readonly kind: 'forward'; readonly order: ForwardOrder; readonly attempt: number }
  | { readonly kind: 'replay'; readonly message: ReplayMessage }
  /** An image to be counted anew. */
  | { readonly kind: 'count'; readonly name: ImageName }
  | ({ readonly kind: 'release' } & TimedRelease);

/** As the timer function's schedule says. */
export const sweepEveryMs = 15_000;

/** Whoever works on an item for longer may find that another has taken it. */
export const leaseMs = 60_000;
