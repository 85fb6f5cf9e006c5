/**
 * What is done for an image when its timer fires, on any instance: everything that the instance which wrote the record last may
 * have died before doing. Each run sets the next timer while anything is open, so that nothing depends on another webhook.
 */

import type { DueEvent } from '../image/cloud-event.ts';
import type { DecisionContext } from '../image/context.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { isMember, pendingKeys } from '../image/record.ts';
import { isTimerSet, nextRequeueAt, nextUnseenProbeAt } from '../image/requeue.ts';
import { imageState, wasComplete } from '../image/state.ts';
import type { Registry } from '../model/registry.ts';
import type { EventRelay } from '../outbox/event-relay.ts';
import type { ForwardRelay } from '../outbox/forward-relay.ts';
import type { ProbeScheduler } from '../replicas/probe-scheduler.ts';
import type { ReplicaSets } from '../replicas/replica-set-cache.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { ImageLists, ReconcileQueue } from '../store/ports.ts';

export interface Reconciler {
  /**
   * Called when the image's timer fires: publishes pending events, even if something later fails; notes that it is delayed when
   * it is; sets the next timer. Fails with an `UpstreamError`.
   * @param scheduledFor the time for which the timer was set; by our clock it may fire earlier, if the clock of the instance that
   *   set it was ahead
   * @param firstNoticedAt since when replicas are asked for it, while none has reported it
   */
  reconcile(name: ImageName, scheduledFor?: number, firstNoticedAt?: number): Promise<void>;
  /** After an event that names the image and no region: replicas are asked for a day, where they can be asked. */
  trackUnseen(name: ImageName): Promise<void>;
  /** Evaluates one image with the present replica set, which may make it complete. */
  reevaluate(name: ImageName): Promise<void>;
}

export function reconciler(deps: {
  readonly timer: ReconcileQueue;
  readonly lists: ImageLists;
  readonly sets: ReplicaSets;
  readonly clock: Clock;
  readonly writer: ImageWriter;
  readonly relay: EventRelay;
  readonly forwards: ForwardRelay;
  readonly probes: ProbeScheduler;
  registryOf(name: ImageName): Registry;
  decisionContext(registry: Registry): DecisionContext;
  dueEvents(image: ImageRecord, keys: readonly string[]): DueEvent[];
  compareTags(image: ImageRecord): Promise<void>;
  /** @returns whether it was due */
  readFamily(image: ImageRecord): Promise<boolean>;
  /** See `TrackerOptions`. */
  evaluateReleasesWith(name: ImageName): void;
}): Reconciler {
  const { timer, lists, sets, clock, writer, relay, probes, decisionContext } = deps;

  /**
   * Sets the image's next timer, unless the record has one: with two timers, each would set a next one.
   * @param notAfter milliseconds since 1970: if anything is open, the timer is due by then
   */
  async function setNext(image: ImageRecord, notAfter = Number.POSITIVE_INFINITY): Promise<void> {
    const context = decisionContext(deps.registryOf(image.name));
    const next = nextRequeueAt(image, context);
    const due = next === null ? null : Math.min(next, notAfter);
    if (due === null) return;
    const failed = relay.failures(image.name, pendingKeys(image));
    if (isTimerSet(image.requeueAt, due, context.now)) {
      // Another write has set it, which did not know of failed attempts.
      const isFirst = image.announcements.some((entry) => entry.failed === undefined && entry.key in failed);
      if (isFirst) await writer.submit(image.name, { kind: 'publishFailed', failed });
      return;
    }
    const at = await timer.add(image.name, due);
    // Stored in the record, so that a timer that fires twice does not set two timers.
    await writer.submit(image.name, { kind: 'timerSet', at, failed });
  }

  async function list(image: ImageRecord): Promise<void> {
    if (isMember(image)) return;
    const { name, firstSeenAt } = image;
    const state = imageState(image, sets.current(deps.registryOf(name)));
    // An image that is being deleted is listed as well: it may be complete for the next replica set.
    if (state !== 'replicating' && state !== 'deleting') return;
    // It left the list of delayed images when it was complete; a larger replica set has made it open again.
    const isDelayedAgain = image.delayedAt !== null && wasComplete(image);
    await lists.add({ name, firstSeenAt }, isDelayedAgain ? ['replicating', 'delayed'] : ['replicating']);
  }

  async function reevaluate(name: ImageName): Promise<void> {
    const { record: image } = await writer.submit(name, { kind: 'reevaluate' });
    if (image === undefined) return;
    await list(image);
    await setNext(image);
  }

  function offerPending(image: ImageRecord | undefined): void {
    if (image === undefined) return;
    relay.offerPending(image.name, pendingKeys(image), (keys) => deps.dueEvents(image, keys));
  }

  /**
   * Called before replicas are asked and other images are written, so that a failure there does not keep events from being
   * published. If the record cannot be written, its pending events are read and offered.
   */
  async function publishPending(name: ImageName, scheduledFor?: number): Promise<ImageRecord | undefined> {
    const reevaluated = writer.submit(name, { kind: 'reevaluate', scheduledFor });
    const { record: image } = await reevaluated.catch(async (error: unknown) => {
      // If it cannot be read either, there are no events to offer. The first error is thrown, and the timer fires again.
      offerPending(await writer.read(name).catch(() => undefined));
      throw error;
    });
    offerPending(image);
    return image;
  }

  /** Sets the next timer of an image without a record: the timer itself has the time since when replicas are asked. */
  async function continueSearch(name: ImageName, firstNoticedAt: number, retryAfterMs: number): Promise<void> {
    const { policy, now } = decisionContext(deps.registryOf(name));
    if (policy.probeAfterMs === undefined) return;
    const next = nextUnseenProbeAt(firstNoticedAt, now, policy.probeAfterMs, retryAfterMs);
    if (next !== null) await timer.add(name, next, firstNoticedAt);
  }

  return {
    reevaluate,
    async reconcile(name, scheduledFor, firstNoticedAt) {
      const registry = deps.registryOf(name);
      await sets.ready(registry);
      let image = await publishPending(name, scheduledFor);
      if (image !== undefined) deps.evaluateReleasesWith(name);
      const setAt = image?.requeueAt;
      // Before the steps below, which may fail, for the same reason. A failure here must not prevent those steps either, so it is
      // thrown after them.
      const [handedOver] = await Promise.allSettled([image && deps.forwards.handOver(image)]);
      if (image !== undefined && (await deps.readFamily(image)))
        ({ record: image } = await writer.submit(name, { kind: 'reevaluate' }));
      const summary = await probes.probeIfDue(name, image);
      if (summary !== undefined) ({ record: image } = await writer.submit(name, { kind: 'reevaluate' }));
      if (image === undefined) {
        if (firstNoticedAt !== undefined) await continueSearch(name, firstNoticedAt, summary?.retryAfterMs ?? 0);
        return;
      }
      await list(image);
      await deps.compareTags(image);
      // The timer that fired is tried again until this succeeds. No next timer is set, since each failure would add one.
      if (handedOver.status === 'rejected') throw handedOver.reason;
      // A replica without a clear answer is asked again when its pause ends, not only when the next timer is due.
      const isUnclear = summary !== undefined && summary.unclear.length > 0;
      const notAfter = isUnclear ? clock.now() + summary.retryAfterMs : undefined;
      await setNext(withoutSpentTimer(image, setAt, scheduledFor), notAfter);
    },
    async trackUnseen(name) {
      const { policy, now } = decisionContext(deps.registryOf(name));
      if (policy.probeAfterMs !== undefined) await timer.add(name, now + policy.probeAfterMs, now);
    },
  };
}

/**
 * A timer that was stored in the record meanwhile, for this time or earlier, is the one that has fired: the write of a slow
 * instance came late.
 * @param setAt the timer in the record when this one had just fired
 */
function withoutSpentTimer(
  image: ImageRecord,
  setAt: number | null | undefined,
  scheduledFor: number | undefined,
): ImageRecord {
  const isSpent = scheduledFor !== undefined && image.requeueAt !== setAt && (image.requeueAt ?? 0) <= scheduledFor;
  return isSpent ? { ...image, requeueAt: null } : image;
}
