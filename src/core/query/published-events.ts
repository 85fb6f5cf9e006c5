/** The events and forwards of an image, and whether they were accepted. */
import type { AvailabilityQuery } from '../image/availability.ts';
import type { CloudEvent, DueEvent } from '../image/cloud-event.ts';
import type { FailedAttempts } from '../image/failed-attempts.ts';
import { joinFailures } from '../image/failed-attempts.ts';
import type { ForwardReport } from '../image/forward-entry.ts';
import { reportForwards } from '../image/forward-entry.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import type { EventRelay } from '../outbox/event-relay.ts';
import type { ImageWatch } from '../store/image-watch.ts';

export interface PublishedEvent {
  readonly event: CloudEvent;
  /** When the topic accepted it, milliseconds since 1970; `null` before. */
  readonly publishedAt: number | null;
  /** Failed attempts of this instance, and of others as far as the record has them; `undefined` if none has failed. */
  readonly failed: FailedAttempts | undefined;
}

export interface PublishedEvents {
  readonly name: ImageName;
  readonly events: readonly PublishedEvent[];
  readonly forwards: readonly ForwardReport[];
  /** All tags that it was pushed with in this generation. */
  readonly tags: readonly string[];
  /** The topic's last error, while it is away for this instance. */
  readonly topicError: string | undefined;
}

/**
 * Fails with an `UpstreamError`.
 * @returns `undefined` for an image that no region has reported
 */
export async function publishedEvents(
  deps: {
    readonly watch: ImageWatch;
    readonly relay: Pick<EventRelay, 'acceptedAt' | 'failures' | 'outage'>;
    dueEvents(image: ImageRecord, keys: readonly string[]): DueEvent[];
  },
  query: AvailabilityQuery,
): Promise<PublishedEvents | undefined> {
  const { record: image } = await deps.watch.of(query).read();
  if (image === undefined) return undefined;
  const keys = image.announcements.map((entry) => entry.key);
  const failures = deps.relay.failures(image.name, keys);
  const events = deps.dueEvents(image, keys).map(({ key, event }, i) => ({
    event,
    publishedAt: image.announcements[i]?.publishedAt ?? deps.relay.acceptedAt(image.name, key) ?? null,
    failed: joinFailures(image.announcements[i]?.failed, failures[key]),
  }));
  return {
    name: image.name,
    events,
    forwards: reportForwards(image),
    tags: Object.keys(image.tags),
    topicError: deps.relay.outage(),
  };
}
