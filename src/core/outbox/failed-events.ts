/**
 * What this instance knows of events that the topic has not accepted: attempts, errors, and when a refused event may be tried
 * again.
 */
import type { DueEvent } from '../image/cloud-event.ts';
import type { FailedAttempts } from '../image/failed-attempts.ts';
import { putNewest } from '../runtime/bounded-map.ts';
import type { Clock } from '../runtime/clock.ts';

export interface FailedEvents {
  /** Counts one more attempt that was not accepted. @param key of the event, with its image */
  note(key: string, due: DueEvent, error: string): void;
  /** The topic has refused the event: pauses it. */
  pause(key: string, due: DueEvent): void;
  isPaused(key: string): boolean;
  attempts(key: string): FailedAttempts | undefined;
  /** The topic has accepted it. */
  delete(key: string): void;
}

/** A refused event is tried again when it is twice as old, within these bounds. */
const minRefusedMs = 30_000;
const maxRefusedMs = 3_600_000;
/** Timers may fire this much early, and must not find their event still paused. */
const earlyMs = 10_000;
/** Above that, the oldest are dropped. */
const maxEvents = 20_000;

export function failedEvents(clock: Clock): FailedEvents {
  const failed = new Map<string, FailedAttempts>();
  /** Until when, milliseconds since 1970. */
  const paused = new Map<string, number>();
  return {
    note(key, { failedBefore = 0 }, error) {
      const count = (failed.get(key)?.count ?? failedBefore) + 1;
      putNewest(failed, key, { count, lastAt: clock.now(), lastError: error }, maxEvents);
    },
    pause(key, { event }) {
      const now = clock.now();
      const pauseMs = Math.min(maxRefusedMs, Math.max(minRefusedMs, now - Date.parse(event.time)));
      putNewest(paused, key, now + pauseMs - earlyMs, maxEvents);
    },
    isPaused: (key) => (paused.get(key) ?? 0) > clock.now(),
    attempts: (key) => failed.get(key),
    delete(key) {
      failed.delete(key);
      paused.delete(key);
    },
  };
}
