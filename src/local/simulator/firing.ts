/**
 * Creates the webhook event that a replica fires for a change. What is not documented about the real registry (whether
 * the `id` is the same in every region, whose time the `timestamp` is) is an option here, so that a tracker can be
 * tested with either answer.
 */
import type { Change } from './change.ts';
import { drawChance, drawUuid, openRandom } from './random.ts';
import { createTimestamper } from './timestamp.ts';
import { buildDeleteEvent, buildPushEvent, type WebhookEvent } from './webhook-event.ts';

export interface FiringOptions {
  /** Default: `shared`, the same id in every region for one change, as in the only published cross-region receiver. */
  eventIds?: 'shared' | 'per-region';
  /** Default: `arrival`, when the change reached this replica; `origin` repeats the time of the first one. */
  timestamps?: 'arrival' | 'origin';
  /**
   * Whether a push that reaches a replica after a later one has moved the tag still names the tag. Default: `untagged`.
   * With `tagged` and arrival times, no receiver can derive from the events alone where the tag points.
   */
  lateTagEvents?: 'untagged' | 'tagged';
}

/** One webhook event leaving one replica. */
export interface Firing {
  region: string;
  /** Milliseconds since 1970. */
  at: number;
  change: Change;
  event: WebhookEvent;
  /** Names the firing for `openRandom`. */
  label: string;
}

export type Fire = (region: string, change: Change, tagMoved: boolean, at: number) => Firing;

export function createFiring(seed: number, options: FiringOptions): Fire {
  const { eventIds = 'shared', timestamps = 'arrival', lateTagEvents = 'untagged' } = options;
  const stamp = createTimestamper();
  const firstTimestamps = new WeakMap<Change, string>();

  function pickTimestamp(change: Change, at: number): string {
    const own = stamp(at);
    const first = firstTimestamps.get(change) ?? own;
    firstTimestamps.set(change, first);
    return timestamps === 'origin' ? first : own;
  }

  /** A push by digest omits `tag` or sends it empty; the same choice in every region. */
  function pickTag(change: Change, tagMoved: boolean): string | null {
    if (change.tag !== null && (tagMoved || lateTagEvents === 'tagged')) return change.tag;
    return drawChance(openRandom(seed, `empty tag ${change.label}`), 0.5) ? '' : null;
  }

  return (region, change, tagMoved, at) => {
    const idLabel = eventIds === 'shared' ? `event ${change.label}` : `event ${change.label} ${region}`;
    const id = drawUuid(openRandom(seed, idLabel));
    const timestamp = pickTimestamp(change, at);
    const event =
      change.kind === 'delete'
        ? buildDeleteEvent(id, timestamp, change)
        : buildPushEvent(id, timestamp, change, pickTag(change, tagMoved));
    return { region, at, change, event, label: `${change.label} ${region}` };
  };
}
