/**
 * Publishes due events, and notes that the topic has taken them. The events are already durable. Whoever makes one offers
 * it here, and so does whoever finds one that is not published: when the process dies, or keeps no more of them, the
 * image's timer offers them again, on whatever instance. Events that come while a batch is under way go together in the
 * next one. It is known here, for all images at once, that the topic is away, and what it has refused.
 */

import { parseAnnouncementKey } from '../image/announcement-key.ts';
import type { DueEvent } from '../image/cloud-event.ts';
import type { FailedAttempts } from '../image/failed-attempts.ts';
import type { ImageName } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import { backoff } from '../runtime/backoff.ts';
import { putNewest } from '../runtime/bounded-map.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, isTemporary } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { noTelemetry } from '../runtime/telemetry.ts';
import { withTimeout } from '../runtime/timeout.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import { announcing } from './instruments.ts';
import type { EventPublisher } from './ports.ts';

export interface EventRelay {
  /**
   * Publishes these in the background, but for those that are on their way, or have just been refused. When too many wait
   * for the topic it does nothing: each image has a timer, which brings them back.
   */
  offer(name: ImageName, events: readonly DueEvent[]): void;
  /**
   * The same for events that another process may have on their way. While the topic is away they are left to whoever has
   * them, and to the image's timer: else every process would keep them, and publish them once it is back.
   * @param build makes events of those keys that are to be published
   */
  offerPending(name: ImageName, keys: readonly string[], build: (keys: readonly string[]) => readonly DueEvent[]): void;
  /** When the topic took this one, while nobody has been able to note it yet; milliseconds since 1970. */
  acceptedAt(name: ImageName, key: string): number | undefined;
  /** Those of them that this instance has sent and the topic has not accepted. */
  failures(name: ImageName, keys: readonly string[]): Readonly<Record<string, FailedAttempts>>;
  /** What the topic said last; `undefined` while it takes everything. */
  lastError(): string | undefined;
  /** Waits for what is on its way, at most that long. */
  drain(milliseconds: number): Promise<void>;
}

interface Item {
  readonly name: ImageName;
  readonly due: DueEvent;
}

const batchSize = 200;
/** More would be smaller ones: each costs a request, and what waits for one goes with the next. */
const parallelBatches = 2;
/** Events kept until the topic has taken them; more are left to the timers of their images. */
const maxWaiting = 20_000;
const maxPauseMs = 10_000;
/** An event that the topic refuses is tried again when it is twice as old, within these bounds. */
const minRefusedMs = 30_000;
const maxRefusedMs = 3_600_000;
/** Timers fire that much early. */
const earlyMs = 10_000;
const maxRefused = 20_000;
/** Acknowledging what is published per region can wait for the next region's write. */
const patienceMs = 10_000;

export function eventRelay(deps: {
  readonly publisher: EventPublisher;
  readonly writer: ImageWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry?: Telemetry | undefined;
}): EventRelay {
  const { publisher, clock, log, telemetry = noTelemetry } = deps;
  const waiting: Item[] = [];
  /** Until their acknowledgement is stored; with the time from which the topic had them. */
  const onTheirWay = new Map<string, number | undefined>();
  /** When what the topic has refused may be tried again, oldest refusal first; milliseconds since 1970. */
  const refusedUntil = new Map<string, number>();
  /** What was sent and not accepted, the longest untouched first. */
  const failed = new Map<string, FailedAttempts>();
  const stop = new AbortController();
  let sending = 0;
  let failures = 0;
  /** It did not answer, or asked to be left alone, the last time that it was asked. */
  let isAway = false;
  let lastError: string | undefined;
  const idle: (() => void)[] = [];

  const itemKey = (name: ImageName, key: string) => `${imageKey(name)} ${key}`;

  function isFree(key: string): boolean {
    return !onTheirWay.has(key) && (refusedUntil.get(key) ?? 0) <= clock.now();
  }

  function measure({ name, due }: Item, acceptedAt: number): void {
    const { kind } = parseAnnouncementKey(due.key);
    const from = due.cause?.at ?? Date.parse(due.event.time);
    const said = { 'acr_replication.event': kind, 'acr_replication.image': imageKey(name) };
    telemetry.measure(announcing, (acceptedAt - from) / 1000, { registry: name.registry, event: kind });
    telemetry.recordSpan('announce', said, from, acceptedAt, due.cause?.trace);
  }

  /** Until this is stored the events count as on their way; if it fails, the timer tells them again, same ids. */
  async function acknowledge(items: readonly Item[], at: number, maxMs: number): Promise<void> {
    const byImage = [...Map.groupBy(items, (item) => imageKey(item.name)).values()];
    await Promise.all(
      byImage.map(async (group) => {
        const [first] = group;
        if (first === undefined) return;
        const keys = group.map((item) => item.due.key);
        const isLast = keys.some((key) => parseAnnouncementKey(key).region === undefined);
        const step = { kind: 'acknowledge', keys, at } as const;
        await deps.writer.submitWithin(first.name, step, isLast ? 0 : maxMs);
      }),
    );
  }

  function forget(items: readonly Item[]): void {
    for (const item of items) onTheirWay.delete(itemKey(item.name, item.due.key));
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

  /** One event that the topic refuses does not hold back the others: a batch that it refuses is sent again in halves. */
  async function sendBatch(batch: readonly Item[]): Promise<void> {
    const left = [batch];
    let isAnyAccepted = false;
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      try {
        await publisher.publish(part.map((item) => item.due.event));
        isAnyAccepted = true;
        taken(part);
      } catch (error) {
        lastError = describeError(error);
        countFailure(part, lastError);
        // One that refuses has answered.
        isAway = isTemporary(error);
        if (isAway) {
          const kept = [part, ...left].flat();
          waiting.unshift(...kept);
          return backOff(kept.length);
        }
        const half = Math.ceil(part.length / 2);
        if (part.length > 1) left.unshift(part.slice(0, half), part.slice(half));
        else refused(part, error);
      }
    }
    // A topic that takes nothing of many would take none of the next ones.
    return isAnyAccepted || batch.length === 1 ? undefined : backOff(batch.length);
  }

  function countFailure(items: readonly Item[], error: string): void {
    for (const { name, due } of items) {
      const key = itemKey(name, due.key);
      const count = (failed.get(key)?.count ?? due.failedBefore ?? 0) + 1;
      putNewest(failed, key, { count, lastAt: clock.now(), lastError: error }, maxWaiting);
    }
  }

  async function backOff(events: number): Promise<void> {
    failures++;
    log.warn('events not accepted by the topic', { events, failures, error: lastError });
    await clock.sleep(backoff(failures, { firstMs: 1_000, maxMs: maxPauseMs }), stop.signal);
    if (stop.signal.aborted) forget(waiting.splice(0));
  }

  function taken(items: readonly Item[]): void {
    const acceptedAt = clock.now();
    failures = 0;
    isAway = false;
    lastError = undefined;
    for (const item of items) {
      const key = itemKey(item.name, item.due.key);
      refusedUntil.delete(key);
      failed.delete(key);
      onTheirWay.set(key, acceptedAt);
      measure(item, acceptedAt);
    }
    acknowledge(items, acceptedAt, patienceMs)
      .catch((error: unknown) => log.warn('acknowledgement not stored', { error: describeError(error) }))
      .finally(() => forget(items));
  }

  /** What the topic refuses now it may take later, once people have seen to it: nothing is dropped. */
  function refused(items: readonly Item[], error: unknown): void {
    forget(items);
    for (const { name, due } of items) {
      const { id, type, time } = due.event;
      log.warn('event not published', { image: imageKey(name), type, id, error: describeError(error) });
      const key = itemKey(name, due.key);
      const now = clock.now();
      const pauseMs = Math.min(maxRefusedMs, Math.max(minRefusedMs, now - Date.parse(time)));
      putNewest(refusedUntil, key, now + pauseMs - earlyMs, maxRefused);
    }
  }

  function offer(name: ImageName, events: readonly DueEvent[]): void {
    for (const due of events) {
      const key = itemKey(name, due.key);
      if (!isFree(key) || stop.signal.aborted) continue;
      // What is being sent may come back to wait.
      if (waiting.length + sending * batchSize >= maxWaiting) break;
      onTheirWay.set(key, undefined);
      waiting.push({ name, due });
    }
    pump();
  }

  return {
    offer,
    offerPending(name, keys, build) {
      // Whatever is under way finds out when it is back.
      if (isAway && sending > 0) return;
      const free = keys.filter((key) => isFree(itemKey(name, key)));
      if (free.length > 0) offer(name, build(free));
    },
    acceptedAt: (name, key) => onTheirWay.get(itemKey(name, key)),
    failures(name, keys) {
      const known = keys.flatMap((key) => {
        const one = failed.get(itemKey(name, key));
        return one === undefined ? [] : [[key, one] as const];
      });
      return Object.fromEntries(known);
    },
    lastError: () => lastError,
    async drain(milliseconds) {
      const idleNow = sending === 0 ? Promise.resolve() : new Promise<void>((resolve) => idle.push(resolve));
      await withTimeout(clock, milliseconds, idleNow);
      stop.abort();
    },
  };
}
