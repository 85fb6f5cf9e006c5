/**
 * Publishes due events, and notes that the topic accepted them. The events are already stored in image records. The write that
 * makes an event offers it here, and so does a reader of a record that finds one unpublished. If the process dies, or holds too
 * many events, the image's timer offers them again, on whatever instance. Events that come while a batch is being sent go
 * together in the next one. That the topic does not answer, and which events it refused, is remembered here for all images.
 */

import { parseAnnouncementKey } from '../image/announcement-key.ts';
import type { DueEvent } from '../image/cloud-event.ts';
import type { FailedAttempts } from '../image/failed-attempts.ts';
import type { ImageName } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, isTemporary } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { noTelemetry } from '../runtime/telemetry.ts';
import { withTimeout } from '../runtime/timeout.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import { failedEvents } from './failed-events.ts';
import { announcing } from './instruments.ts';
import type { EventPublisher } from './ports.ts';

export interface EventRelay {
  /**
   * Publishes these in the background, except those that are in flight or were just refused. If too many events wait
   * already, it does nothing: the timer of each image offers them again.
   */
  offer(name: ImageName, events: readonly DueEvent[]): void;
  /**
   * The same for events that another process may be publishing. While the topic does not answer, they are left to that
   * process and to the image's timer: otherwise every process would hold them, and publish them when the topic answers again.
   * @param build makes the events of those keys that will be published
   */
  offerPending(name: ImageName, keys: readonly string[], build: (keys: readonly string[]) => readonly DueEvent[]): void;
  /** When the topic accepted this event, until that is stored in the record; milliseconds since 1970. */
  acceptedAt(name: ImageName, key: string): number | undefined;
  /** By key, the attempts of this instance to publish events that the topic has not accepted. */
  failures(name: ImageName, keys: readonly string[]): Readonly<Record<string, FailedAttempts>>;
  /** The topic's last error, while it is away; `undefined` once it has accepted a request, or has refused events of it. */
  outage(): string | undefined;
  /** Waits for events in flight, at most that long. */
  drain(milliseconds: number): Promise<void>;
}

interface Item {
  readonly name: ImageName;
  readonly due: DueEvent;
}

const batchSize = 200;
/** More at a time would make smaller batches, and each costs a request: events that wait go with the next batch. */
const parallelBatches = 2;
/** Events held until the topic accepts them; more are left to the timers of their images. */
const maxWaiting = 20_000;
const maxPauseMs = 10_000;
/**
 * How long the note that an event about one region was accepted, or that an event was refused, may wait to be stored with the next
 * write of the image.
 */
const maxNoteDelayMs = 10_000;

export function eventRelay(deps: {
  readonly publisher: EventPublisher;
  readonly writer: ImageWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry?: Telemetry | undefined;
}): EventRelay {
  const { publisher, clock, log, telemetry = noTelemetry } = deps;
  const waiting: Item[] = [];
  /** By event, until it is stored that the topic accepted it; with the time at which it did. */
  const inFlight = new Map<string, number | undefined>();
  const failed = failedEvents(clock);
  const stop = new AbortController();
  let sending = 0;
  let failures = 0;
  /** The topic's error if, at the last request, it gave no answer, asked for a pause, or accepts nothing from this app. */
  let outage: string | undefined;
  const idle: (() => void)[] = [];

  const itemKey = (name: ImageName, key: string) => `${imageKey(name)} ${key}`;

  function canSend(key: string): boolean {
    return !inFlight.has(key) && !failed.isPaused(key);
  }

  function measure({ name, due }: Item, acceptedAt: number): void {
    const { kind } = parseAnnouncementKey(due.key);
    const from = due.cause?.at ?? Date.parse(due.event.time);
    const attributes = { 'acr_replication.event': kind, 'acr_replication.image': imageKey(name) };
    telemetry.measure(announcing, (acceptedAt - from) / 1000, { registry: name.registry, event: kind });
    telemetry.recordSpan('announce', attributes, from, acceptedAt, due.cause?.trace);
  }

  /** Until this is stored the events count as in flight. If it fails, the timer publishes them again, with the same ids. */
  async function noteAccepted(items: readonly Item[], at: number): Promise<void> {
    const byImage = [...Map.groupBy(items, (item) => imageKey(item.name)).values()];
    await Promise.all(
      byImage.map(async (group) => {
        const [first] = group;
        if (first === undefined) return;
        const keys = group.map((item) => item.due.key);
        const isNotRegional = keys.some((key) => parseAnnouncementKey(key).region === undefined);
        const command = { kind: 'eventsAccepted', keys, at } as const;
        await deps.writer.submitWithin(first.name, command, isNotRegional ? 0 : maxNoteDelayMs);
      }),
    );
  }

  function forget(items: readonly Item[]): void {
    for (const item of items) inFlight.delete(itemKey(item.name, item.due.key));
  }

  function pump(): void {
    while (sending < (failures > 0 ? 1 : parallelBatches) && waiting.length > 0) {
      sending++;
      sendBatch(waiting.splice(0, batchSize)).finally(() => {
        sending--;
        if (waiting.length > 0) return pump();
        if (sending === 0) for (const resolve of idle.splice(0)) resolve();
        return undefined;
      });
    }
  }

  /** Sends a refused batch again in halves, so that one refused event does not hold back the others. */
  async function sendBatch(batch: readonly Item[]): Promise<void> {
    const left = [batch];
    let isAnyAccepted = false;
    let lastError = '';
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      try {
        await publisher.publish(part.map((item) => item.due.event));
        isAnyAccepted = true;
        accepted(part);
      } catch (error) {
        lastError = describeError(error);
        // A topic that refuses the batch has answered.
        outage = isTemporary(error) ? lastError : undefined;
        if (outage !== undefined) {
          noteFailure(part, outage);
          const kept = [part, ...left].flat();
          waiting.unshift(...kept);
          return backOff(kept.length, outage);
        }
        const half = Math.ceil(part.length / 2);
        if (part.length > 1) left.unshift(part.slice(0, half), part.slice(half));
        else refused(part, lastError);
      }
    }
    // A topic that accepted no event of the batch would hardly accept any of the next one.
    return isAnyAccepted || batch.length === 1 ? undefined : backOff(batch.length, lastError);
  }

  function noteFailure(items: readonly Item[], error: string): void {
    for (const { name, due } of items) failed.note(itemKey(name, due.key), due, error);
  }

  async function backOff(events: number, error: string): Promise<void> {
    failures++;
    log.warn('events not accepted by the topic', { events, failures, error });
    await clock.sleep(backoff(failures, { firstMs: 1_000, maxMs: maxPauseMs }), stop.signal);
    if (stop.signal.aborted) forget(waiting.splice(0));
  }

  function accepted(items: readonly Item[]): void {
    const acceptedAt = clock.now();
    failures = 0;
    outage = undefined;
    for (const item of items) {
      const key = itemKey(item.name, item.due.key);
      failed.delete(key);
      inFlight.set(key, acceptedAt);
      measure(item, acceptedAt);
    }
    noteAccepted(items, acceptedAt)
      .catch((error: unknown) => log.warn('accepted events not noted', { error: describeError(error) }))
      .finally(() => forget(items));
  }

  /** No event is dropped: the topic may accept it later, when people have repaired the cause. */
  function refused(items: readonly Item[], error: string): void {
    forget(items);
    noteFailure(items, error);
    for (const { name, due } of items) {
      const { id, type } = due.event;
      log.warn('event not published', { image: imageKey(name), type, id, error });
      failed.pause(itemKey(name, due.key), due);
      if (due.failedBefore === undefined) noteRefused(name, due.key);
    }
  }

  /**
   * The first refusal of an event is stored within ten seconds. The image may not be evaluated for minutes, and then by another instance, which
   * does not know of it: it would be in no count and no list of unpublished images.
   */
  function noteRefused(name: ImageName, key: string): void {
    const attempts = failed.attempts(itemKey(name, key));
    if (attempts === undefined) return;
    const command = { kind: 'publishFailed', failed: { [key]: attempts } } as const;
    deps.writer.submitWithin(name, command, maxNoteDelayMs).catch((error: unknown) => {
      log.warn('refusal of an event not stored', { image: imageKey(name), error: describeError(error) });
    });
  }

  function offer(name: ImageName, events: readonly DueEvent[]): void {
    for (const due of events) {
      const key = itemKey(name, due.key);
      if (!canSend(key) || stop.signal.aborted) continue;
      // Batches that are being sent may fail and wait again.
      if (waiting.length + sending * batchSize >= maxWaiting) break;
      inFlight.set(key, undefined);
      waiting.push({ name, due });
    }
    pump();
  }

  return {
    offer,
    offerPending(name, keys, build) {
      // The batch that is being sent shows when the topic answers again.
      if (outage !== undefined && sending > 0) return;
      const sendable = keys.filter((key) => canSend(itemKey(name, key)));
      if (sendable.length > 0) offer(name, build(sendable));
    },
    acceptedAt: (name, key) => inFlight.get(itemKey(name, key)),
    failures(name, keys) {
      const known = keys.flatMap((key) => {
        const one = failed.attempts(itemKey(name, key));
        return one === undefined ? [] : [[key, one] as const];
      });
      return Object.fromEntries(known);
    },
    outage: () => outage,
    async drain(milliseconds) {
      const idleNow = sending === 0 ? Promise.resolve() : new Promise<void>((resolve) => idle.push(resolve));
      await withTimeout(clock, milliseconds, idleNow);
      stop.abort();
    },
  };
}
