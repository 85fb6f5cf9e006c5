/**
 * What the product does: records reports of replicas, answers where an image is, waits for it, and publishes events. All methods
 * can be called on any instance, at any time, more than once.
 */

import type { Catalogue } from './catalogue/catalogue.ts';
import { recountImages } from './catalogue/recount.ts';
import type { AvailabilityDocument, AvailabilityQuery } from './image/availability.ts';
import type { ForwardOrder } from './image/forward-entry.ts';
import type { ForwardSending } from './image/record.ts';
import { imageKey } from './image/record.ts';
import type { Ingest } from './ingest/ingest.ts';
import { shownRegions, unexpectedRegions } from './ingest/unexpected-region.ts';
import type { Region } from './model/region.ts';
import { sortRegions } from './model/region.ts';
import type { Registry } from './model/registry.ts';
import type { ReplicaSet } from './model/replica-set.ts';
import { findReplica, isKnown } from './model/replica-set.ts';
import type { Requirement } from './model/requirement.ts';
import type { Asked, EarlierEnd, WaitResult } from './query/ask.ts';
import type { ImageListing, ImageQuery } from './query/list-images.ts';
import { listImages } from './query/list-images.ts';
import type { PublishedEvents } from './query/published-events.ts';
import { publishedEvents } from './query/published-events.ts';
import type { ReplicaReport } from './query/replica-report.ts';
import { reportReplicas } from './query/replica-report.ts';
import type { SeveralResult } from './query/several-images.ts';
import { joinResults, withoutRepeats } from './query/several-images.ts';
import type { ReconcileOpen } from './reconcile/reconcile-open.ts';
import type { Reconciler } from './reconcile/reconciler.ts';
import { expireImages } from './reconcile/retention.ts';
import { describeError } from './runtime/errors.ts';
import { withTimeoutOrUndefined } from './runtime/timeout.ts';
import type { TrackerOptions, TrackerPorts } from './tracker-ports.ts';
import { trackerRooms } from './tracker-rooms.ts';

export type { TrackerOptions, TrackerPorts } from './tracker-ports.ts';
export { pace } from './tracker-rooms.ts';

export interface Tracker
  extends Pick<Ingest, 'receive' | 'process'>,
    Pick<Reconciler, 'reconcile' | 'trackUnseen'>,
    Pick<ReconcileOpen, 'reconcileOpen'>,
    Pick<Catalogue, 'recount' | 'summary'> {
  readonly registries: readonly Registry[];
  replicaSet(registry: Registry): ReplicaSet;
  /**
   * Notes that a region's webhook has called, with an event of any action. Never fails: a failed write is logged.
   * @returns a warning for people, where no replica is expected in that region
   */
  webhookSeen(registry: Registry, region: Region): string | undefined;
  answer(question: AvailabilityQuery, requirement: Requirement): Promise<AvailabilityDocument>;
  /**
   * Answers as soon as the requirement is met, or could not be met for `finalAfterMs`, at the latest after `timeoutMs`.
   * Fails with an `UpstreamError` when the storage could not be read during the whole wait.
   */
  wait(question: AvailabilityQuery, requirement: Requirement, timeoutMs: number): Promise<WaitResult>;
  /** For several images, at least one; repeats count once. */
  answerAll(asked: readonly Asked[]): Promise<SeveralResult>;
  /** The same after a wait. It ends when all are met at the same time, or one could not be met. */
  waitForAll(asked: readonly Asked[], timeoutMs: number, end?: EarlierEnd): Promise<SeveralResult>;
  images(query: ImageQuery): Promise<ImageListing>;
  replicas(registry: Registry): Promise<ReplicaReport>;
  /** Alphabetical: the replica set, and every other region whose webhook has called lately. Empty while the set is not known. */
  regions(registry: Registry): Promise<readonly Region[]>;
  /** All events about an image; `undefined` for an image without a record. */
  events(query: AvailabilityQuery): Promise<PublishedEvents | undefined>;
  /** Notes in the image's record the outcome of a forwarded webhook. Never fails: a failed write is logged. */
  noteForward(order: ForwardOrder, sending: ForwardSending): Promise<void>;
  /** Reads the replica set from its source again, and evaluates images that it may make complete. Never fails. */
  refreshReplicas(registry: Registry): Promise<void>;
  /**
   * Resolves when the replica set is as new as possible without waiting long for ARM; an answer says how old it is. While ARM
   * does not answer, asks it again. Never fails.
   */
  ready(registry: Registry): Promise<void>;
  /** Forgets images that were deleted everywhere and whose retention has ended. Returns how many. Fails with an `UpstreamError`. */
  expire(): Promise<number>;
  /** The topic's last error, while it is away for this instance. That it refuses single events is no outage. */
  topicOutage(): string | undefined;
  /**
   * Finishes work under way, at most that long; the rest is stored, and another instance goes on. Requests that wait are
   * answered at once with the present state.
   */
  close(milliseconds: number): Promise<void>;
}

export function tracker(ports: TrackerPorts, options: TrackerOptions): Tracker {
  const { clock, log, sets } = ports;
  const { writer, relay, watch, counting, intake, questions, due, open, heartbeat, dueEvents } = trackerRooms(
    ports,
    options,
  );
  const unexpected = unexpectedRegions(ports);

  async function ready(registry: Registry): Promise<void> {
    // After a failure the last known set is used; the answer says how old it is.
    await sets.ready(registry).catch(() => undefined);
    await sets.refreshForQuestion(registry);
  }

  /** Lists need no replica set, so they do not wait for ARM. */
  async function readyToList(registry: Registry): Promise<void> {
    await sets.ready(registry).catch(() => undefined);
    void sets.refreshForQuestion(registry);
  }

  return {
    registries: options.registries,
    replicaSet: (registry) => sets.current(registry),
    receive: intake.receive,
    process: intake.process,
    webhookSeen(registry, region) {
      heartbeat.seen(registry.name, region);
      const set = sets.current(registry);
      if (findReplica(set, region) !== undefined) return undefined;
      // A replica may have just been added in that region.
      sets.refreshSoon(registry);
      return unexpected.warn(registry, region, set);
    },
    async answer(question, requirement) {
      return only(await questions.answer([{ question, requirement }])).document;
    },
    async wait(question, requirement, timeoutMs) {
      return only(await questions.wait([{ question, requirement }], timeoutMs));
    },
    answerAll: async (all) => joinResults(await questions.answer(withoutRepeats(all))),
    waitForAll: async (all, timeoutMs, end) => joinResults(await questions.wait(withoutRepeats(all), timeoutMs, end)),
    async images(query) {
      await readyToList(query.registry);
      return listImages(ports, query, sets.current(query.registry), clock.now());
    },
    async summary(registry) {
      await readyToList(registry);
      return counting.summary(registry);
    },
    recount: counting.recount,
    async replicas(registry) {
      await readyToList(registry);
      return reportReplicas({ ...ports, webhooks: heartbeat }, registry, sets.current(registry), clock.now());
    },
    async regions(registry) {
      await readyToList(registry);
      const set = sets.current(registry);
      if (!isKnown(set)) return [];
      const seen = await heartbeat.last(registry.name);
      return sortRegions(shownRegions(seen, set, clock.now()));
    },
    events: (query) => publishedEvents({ watch, relay, dueEvents }, query),
    async noteForward({ name, id }, sending) {
      await writer.submit(name, { kind: 'forwardProgress', id, sending }).catch((error: unknown) => {
        log.warn('progress of a forward not stored', { image: imageKey(name), error: describeError(error) });
      });
    },
    reconcile: due.reconcile,
    trackUnseen: due.trackUnseen,
    reconcileOpen: open.reconcileOpen,
    async refreshReplicas(registry) {
      await sets.refresh(registry);
      await open.resume(registry);
      await recountImages({ ...ports, counting }, registry, () => sets.current(registry));
    },
    ready,
    async expire() {
      await Promise.all(options.registries.map(sets.ready));
      return expireImages({ ...ports, writer }, options.registries, options.retentionMs);
    },
    topicOutage: () => relay.outage(),
    async close(milliseconds) {
      questions.close();
      heartbeat.close();
      await relay.drain(milliseconds);
      await withTimeoutOrUndefined(clock, milliseconds, writer.flush());
    },
  };
}

function only<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error('one question has one answer');
  return first;
}
