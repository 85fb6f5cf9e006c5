/**
 * Brings due events to the topic and notes that it has taken them. The events are already durable; this is the fast
 * path. When the process dies or the topic stays away for longer than we keep trying, the image's timer brings them
 * back, on whatever instance. Events that come while a batch is under way go together in the next one.
 */
import type { DueEvent } from './announcement.ts';
import { parseAnnouncementKey } from './announcement.ts';
import { countingPublisher } from './counting-publisher.ts';
import { describeError, isTemporary } from './errors.ts';
import type { ImageName } from './image.ts';
import { imageKey } from './image.ts';
import type { ImageWriter } from './image-writer.ts';
import type { Clock, EventPublisher, Log } from './ports.ts';
import type { Telemetry } from './telemetry.ts';
import { noTelemetry } from './telemetry.ts';

export interface Announcer {
  /**
   * Tells these in the background; events already on their way are not sent a second time. When too many wait for the
   * topic it does nothing: each image has a timer, which brings them back.
   */
  offer(name: ImageName, events: readonly DueEvent[]): void;
  /** Tells these now. Fails with a `WorldError` when the topic does not take them. */
  tell(name: ImageName, events: readonly DueEvent[]): Promise<void>;
  /** Whether all of these are on their way from here. */
  isTelling(name: ImageName, keys: readonly string[]): boolean;
  /** When the topic took this one, while nobody has been able to note it yet; milliseconds since 1970. */
  takenAt(name: ImageName, key: string): number | undefined;
  /** What the topic said last; `undefined` while it takes everything. */
  trouble(): string | undefined;
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
const mostWaiting = 20_000;
const longestPauseMs = 10_000;
/** Acknowledging what is told per region can wait for the next region's write. */
const patienceMs = 10_000;

export function announcer(parts: {
  readonly publisher: EventPublisher;
  readonly writer: () => ImageWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly telemetry?: Telemetry | undefined;
}): Announcer {
  const { clock, log, telemetry = noTelemetry } = parts;
  const publisher = countingPublisher(parts.publisher, telemetry);
  const waiting: Item[] = [];
  /** Until their acknowledgement is stored; with the time from which the topic had them. */
  const onTheirWay = new Map<string, number | undefined>();
  const stop = new AbortController();
  let sending = 0;
  let failures = 0;
  let trouble: string | undefined;
  const idle: (() => void)[] = [];

  const itemKey = (name: ImageName, key: string) => `${imageKey(name)} ${key}`;

  async function send(items: readonly Item[]): Promise<void> {
    await publisher.publish(items.map((item) => item.due.event));
    failures = 0;
    trouble = undefined;
    for (const item of items) measure(item, clock.now());
  }

  function measure({ name, due }: Item, takenAt: number): void {
    const { kind } = parseAnnouncementKey(due.key);
    const from = due.cause?.at ?? Date.parse(due.event.time);
    const said = { 'acr_replication.event': kind, 'acr_replication.image': imageKey(name) };
    telemetry.measure('announcing', (takenAt - from) / 1000, { registry: name.registry, event: kind });
    telemetry.passed('announce', said, from, takenAt, due.cause?.trace);
  }

  /** Until this is stored the events count as on their way; if it fails, the timer tells them again, same ids. */
  async function acknowledge(items: readonly Item[], at: number, longestMs: number): Promise<void> {
    const byImage = [...Map.groupBy(items, (item) => imageKey(item.name)).values()];
    await Promise.all(
      byImage.map(async (group) => {
        const [first] = group;
        if (first === undefined) return;
        const keys = group.map((item) => item.due.key);
        const isLast = keys.some((key) => parseAnnouncementKey(key).region === undefined);
        const step = { kind: 'acknowledge', keys, at } as const;
        await parts.writer().submitWithin(first.name, step, isLast ? 0 : longestMs);
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

  async function sendBatch(batch: Item[]): Promise<void> {
    try {
      await send(batch);
      const takenAt = clock.now();
      for (const item of batch) onTheirWay.set(itemKey(item.name, item.due.key), takenAt);
      acknowledge(batch, takenAt, patienceMs)
        .catch((error: unknown) => log.warn('acknowledgement not stored', { error: describeError(error) }))
        .finally(() => forget(batch));
    } catch (error) {
      trouble = describeError(error);
      failures++;
      log.warn('events not taken by the topic', { events: batch.length, failures, error: trouble });
      if (!isTemporary(error)) return batch.length > 1 ? sendOneByOne(batch) : giveUp(batch, error);
      waiting.unshift(...batch);
      await clock.sleep(Math.min(longestPauseMs, 500 * 2 ** Math.min(failures, 6)), stop.signal);
      if (stop.signal.aborted) forget(waiting.splice(0));
    }
    return undefined;
  }

  /** One event the topic will never take must not hold back the others. */
  async function sendOneByOne(batch: readonly Item[]): Promise<void> {
    for (const item of batch) {
      try {
        await send([item]);
        await acknowledge([item], clock.now(), 0);
      } catch (error) {
        giveUp([item], error);
      }
    }
    forget(batch);
  }

  /** The image's timer tries again, as long as it is untold. */
  function giveUp(items: readonly Item[], error: unknown): void {
    for (const { name } of items) log.warn('event not told', { image: imageKey(name), error: describeError(error) });
    forget(items);
  }

  return {
    offer(name, events) {
      for (const due of events) {
        const key = itemKey(name, due.key);
        if (onTheirWay.has(key) || stop.signal.aborted) continue;
        // What is being sent may come back to wait.
        if (waiting.length + sending * batchSize >= mostWaiting) break;
        onTheirWay.set(key, undefined);
        waiting.push({ name, due });
      }
      pump();
    },
    async tell(name, events) {
      const items = events.map((due) => ({ name, due }));
      await send(items);
      // Whoever asks for this waits for it: nobody else may come along.
      await acknowledge(items, clock.now(), 0);
    },
    isTelling: (name, keys) => keys.every((key) => onTheirWay.has(itemKey(name, key))),
    takenAt: (name, key) => onTheirWay.get(itemKey(name, key)),
    trouble: () => trouble,
    async drain(milliseconds) {
      const idleNow = sending === 0 ? Promise.resolve() : new Promise<void>((resolve) => idle.push(resolve));
      const done = new AbortController();
      await Promise.race([idleNow, clock.sleep(milliseconds, done.signal)]);
      done.abort();
      stop.abort();
    },
  };
}
