/**
 * Publishes events again that the topic has accepted before; pending ones are published anyway. Image records are read and never
 * written, so a replay can neither lose nor make an event. After a crash it may publish some events twice, with the same ids.
 */

import type { CloudEvent } from '../image/cloud-event.ts';
import { buildEvents, publishedKeys } from '../image/due-events.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByName } from '../model/registry.ts';
import type { EventPublisher } from '../outbox/ports.ts';
import type { ReplicaSets } from '../replicas/replica-set-cache.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, isTemporary, UpstreamError } from '../runtime/errors.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { Log } from '../runtime/log.ts';
import type { ImageStore } from '../store/ports.ts';
import type { ReplayQueue, ReplayStore } from './ports.ts';
import type { ReplayJob, ReplayMessage, ReplayScope } from './replay-job.ts';
import { keyOfReplay, registryOfReplay, replayId, replayKey } from './replay-job.ts';

export interface ReplayPorts {
  readonly registries: readonly Registry[];
  readonly images: ImageStore;
  readonly jobs: ReplayStore;
  readonly queue: ReplayQueue;
  readonly publisher: EventPublisher;
  readonly sets: Pick<ReplicaSets, 'ready' | 'current'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Replays {
  /** Returns the running job if there is one for the same request. Fails with an `UpstreamError` when it could not be stored. */
  start(scope: ReplayScope, until?: string): Promise<ReplayJob>;
  /** Does a part of the work, and queues a message for the rest. Fails when neither is possible now. */
  step(message: ReplayMessage): Promise<void>;
  find(id: string): Promise<ReplayJob | undefined>;
  /** The last job for this image alone. */
  ofImage(name: ImageName): Promise<ReplayJob | undefined>;
}

/** How late it may be stored that the topic accepted an event: up to ten seconds, and some more. */
const maxRecordDelayMs = 12_000;
const pageSize = 50;
const batchSize = 100;
const maxEmptyPages = 20;
/** Between two batches, so that new events are not delayed. */
const pauseMs = 100;
/** How long one message is worked on; the next message goes on, on any instance. */
const stepMs = 20_000;
/** A message stays invisible for ten minutes when the instance that handles it dies; a second message is handled sooner. */
const guardMs = 45_000;
/** A running job without progress for so long has lost its message. */
const lostAfterMs = 600_000;
const keptMs = 7 * 86_400_000;
const maxPauseMs = 300_000;

export function replays(ports: ReplayPorts): Replays {
  const { images, jobs, queue, publisher, sets, clock, log } = ports;

  async function start(scope: ReplayScope, until = ''): Promise<ReplayJob> {
    const key = replayKey(scope, until);
    const now = clock.now();
    await jobs.forget(now - keptMs).catch((error: unknown) => {
      log.warn('old replays not expired', { error: describeError(error) });
    });
    const stored = await jobs.load(key);
    if (stored !== undefined && stored.job.finishedAt === null) {
      const { job } = stored;
      // Without any progress, the message may not have been sent.
      const isLost = job.progressAt === job.requestedAt || now - job.progressAt > lostAfterMs;
      if (isLost) await queue.send({ id: job.id, failures: 0 }, delayOf(job));
      return job;
    }
    const started = { imagesExamined: 0, eventsPublished: 0, cursor: null, progressAt: now, finishedAt: null };
    const job: ReplayJob = { id: replayId(key, now), scope, requestedAt: now, ...started };
    // Another request for the same replay was first.
    if ((await jobs.save(key, job, stored?.version)) === 'conflict') return (await jobs.load(key))?.job ?? job;
    await queue.send({ id: job.id, failures: 0 }, delayOf(job));
    return job;
  }

  /** Waits until it is stored which events the topic accepted just before the end of the range. */
  function delayOf({ scope, requestedAt }: ReplayJob): number {
    const until = scope.kind === 'image' ? requestedAt : scope.until;
    return Math.max(0, until + maxRecordDelayMs - clock.now());
  }

  async function step(message: ReplayMessage): Promise<void> {
    try {
      if (await work(message)) await queue.send({ id: message.id, failures: 0 }, 0);
    } catch (error) {
      if (!isTemporary(error)) throw error;
      const failures = message.failures + 1;
      log.warn('replay interrupted, will retry', { replay: message.id, failures, error: describeError(error) });
      await queue.send({ id: message.id, failures }, backoff(failures, { firstMs: 2_000, maxMs: maxPauseMs }));
    }
  }

  /** @returns whether there is more to do */
  async function work({ id, failures, stalledAt }: ReplayMessage): Promise<boolean> {
    const key = keyOfReplay(id);
    const stopAt = clock.now() + stepMs;
    let stored = await jobs.load(key);
    const registry = stored && findRegistryByName(ports.registries, registryOfReplay(stored.job));
    // Replaced by a newer job, removed, or about a registry that was removed from the settings.
    if (stored?.job.id !== id || stored.job.finishedAt !== null || registry === undefined) return false;
    if (stalledAt !== undefined && stored.job.progressAt !== stalledAt) return false;
    await sets.ready(registry);
    // After a failure, a second message is queued already.
    for (let isGuarded = failures > 0; ; isGuarded = false) {
      const { job, version } = stored;
      if (!isGuarded) await queue.send({ id, failures: 1, stalledAt: job.progressAt }, guardMs);
      const page = await readPage(job);
      const published = await publishImages(page.images, job, registry);
      const now = clock.now();
      const done: ReplayJob = {
        ...job,
        cursor: page.next,
        imagesExamined: job.imagesExamined + page.images.length,
        eventsPublished: job.eventsPublished + published,
        progressAt: now,
        finishedAt: page.next === null ? now : null,
      };
      const saved = await jobs.save(key, done, version);
      // The message was handled twice: the instance that saved first goes on.
      if (saved === 'conflict') return false;
      if (done.finishedAt !== null) {
        log.info('replay done', { replay: id, images: done.imagesExamined, events: done.eventsPublished });
        return false;
      }
      if (now >= stopAt) return true;
      stored = { job: done, version: saved.version };
    }
  }

  async function readPage({ scope, cursor }: ReplayJob) {
    if (scope.kind === 'image') {
      const stored = await images.read(scope.name);
      return { images: stored === undefined ? [] : [stored.record], next: null };
    }
    const { registry, since } = scope;
    const read = (from: string | null) =>
      images.publishedSince({ registry, since, cursor: from ?? undefined, limit: pageSize });
    let page = await read(cursor);
    // If few images match, the storage returns many empty pages: not each of them is worth a write of the job.
    for (let empty = 1; empty < maxEmptyPages && page.images.length === 0 && page.next !== null; empty++) {
      page = await read(page.next);
    }
    return page;
  }

  /** @returns how many events the topic accepted */
  async function publishImages(
    records: readonly ImageRecord[],
    { scope }: ReplayJob,
    registry: Registry,
  ): Promise<number> {
    const { since, until } = scope.kind === 'image' ? { since: 0, until: Number.POSITIVE_INFINITY } : scope;
    const events = records.flatMap((record) =>
      buildEvents(record, publishedKeys(record, since, until), registry, sets.current(registry), clock.now()),
    );
    let published = 0;
    for (const [i, batch] of inChunks(events, batchSize).entries()) {
      if (i > 0) await clock.sleep(pauseMs);
      published += await publish(batch.map(({ event }) => event));
    }
    return published;
  }

  /** Sends a refused batch one by one, so that one refused event does not hold back the others. */
  async function publish(events: readonly CloudEvent[]): Promise<number> {
    try {
      await publisher.publish(events);
      return events.length;
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.temporary) throw error;
      log.warn('events refused by the topic', { events: events.length, error: describeError(error) });
      if (events.length === 1) return 0;
      let published = 0;
      for (const event of events) published += await publish([event]);
      return published;
    }
  }

  return {
    start,
    step,
    async find(id) {
      const stored = await jobs.load(keyOfReplay(id));
      return stored?.job.id === id ? stored.job : undefined;
    },
    async ofImage(name) {
      return (await jobs.load(replayKey({ kind: 'image', name }, '')))?.job;
    },
  };
}
