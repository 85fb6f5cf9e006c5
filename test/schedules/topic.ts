/**
 * The topic accepts a batch as a whole or not at all. It refuses some events, and with each the batch that it is in:
 * for a while, as with a wrong policy that is corrected later, or always.
 */
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { EventPublisher } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { Case } from './case.ts';
import type { Choices } from './choices.ts';
import { between } from './choices.ts';

const forGood = Number.POSITIVE_INFINITY;

/** A refused event is tried again when it is twice as old, within these bounds, after its image's timer has fired. */
const minRefusedMs = 30_000;
const maxRefusedMs = 3_600_000;
/** The longest pause of such a timer, its jitter, and a sweep or two that come late. */
const timerMs = 660_000;

/** Only after they have been sent once more is it known whether they are accepted. */
export function noteRefusal(on: Case, events: readonly CloudEvent[]): void {
  const now = on.scheduler.now();
  for (const { time } of events) {
    const pauseMs = Math.min(maxRefusedMs, Math.max(minRefusedMs, now - Date.parse(time)));
    on.sentAgainBy = Math.max(on.sentAgainBy, now + pauseMs + timerMs);
  }
}

export function topic(on: Case, choices: Choices): EventPublisher {
  /** By event id; milliseconds since 1970. */
  const refusedUntil = new Map<string, number>();

  function isRefused(event: CloudEvent): boolean {
    const { id } = event;
    const now = on.scheduler.now();
    const until =
      refusedUntil.get(id) ??
      choices.choose(`event ${id} refused`, 0, (random) => {
        if (on.plan.world.faultsPercent === 0 || random() > 0.1) return 0;
        return random() < 0.5 ? forGood : now + between(random, 1_000, 90_000);
      });
    refusedUntil.set(id, until);
    if (until === forGood) on.refusedForGood.set(id, event);
    else if (now < until) noteRefusal(on, [event]);
    return now < until;
  }

  return {
    async publish(events) {
      const refused = events.filter(isRefused);
      if (refused.length === 0) return;
      on.counters.count('faults', refused.length < events.length ? 'one event of a batch refused' : 'event refused');
      throw new UpstreamError('invalid', `the topic refuses ${refused.length} of ${events.length} events`);
    },
  };
}
