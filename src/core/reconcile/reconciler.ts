/**
 * What is done for an image when its timer fires, on whatever instance: all that whoever wrote it last may have died
 * before doing. Each timer sets the next for as long as anything is open, so that nothing depends on another webhook.
 */

import type { DueEvent } from '../image/cloud-event.ts';
import type { DecisionContext } from '../image/context.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { isMember, pendingKeys } from '../image/record.ts';
import { isTimerSet, nextRequeueAt, nextUnseenProbeAt } from '../image/requeue.ts';
import { imageState } from '../image/state.ts';
import type { Registry } from '../model/registry.ts';
import type { EventRelay } from '../outbox/event-relay.ts';
import type { ForwardRelay } from '../outbox/forward-relay.ts';
import type { ProbeScheduler } from '../replicas/probe-scheduler.ts';
import type { ReplicaSets } from '../replicas/replica-set-cache.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { ImageIndex, ReconcileQueue } from '../store/ports.ts';

export interface Reconciler {
  /**
   * The image's timer fired: publishes what is pending, whatever fails later; calls it delayed when it is; sets the next timer.
   * Fails with an `UpstreamError`.
   * @param scheduledFor for when the timer was set; it may ring earlier by our clock than by that of whoever set it
   * @param firstNoticedAt since when it is looked for, while no replica has reported it
   */
  reconcile(name: ImageName, scheduledFor?: number, firstNoticedAt?: number): Promise<void>;
  /** Somebody spoke of the image without saying where it is: the replicas are asked, where they can be, for a day. */
  trackUnseen(name: ImageName): Promise<void>;
  /** Looks again at one image, which the replicas there are now may make complete. */
  review(name: ImageName): Promise<void>;
}

export function reconciler(deps: {
  readonly timer: ReconcileQueue;
  readonly index: ImageIndex;
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
  /** Whether it was due. */
  readFamily(image: ImageRecord): Promise<boolean>;
  /** The releases that it is part of may be complete with it. Never fails. */
  imageChanged(name: ImageName): void;
}): Reconciler {
  const { timer, index, sets, clock, writer, relay, probes, decisionContext } = deps;

  /** Sets the image's next timer, unless the record knows of one: each of two would set the next, and so on. */
  async function setNext(image: ImageRecord, again = Number.POSITIVE_INFINITY): Promise<void> {
    const around = decisionContext(deps.registryOf(image.name));
    const next = nextRequeueAt(image, around);
    const due = next === null ? null : Math.min(next, again);
    if (due === null || isTimerSet(image.requeueAt, due, around.now)) return;
    const at = await timer.add(image.name, due);
    // Noted, so that a timer that rings twice does not set two, of which each may ring twice.
    const failed = relay.failures(image.name, pendingKeys(image));
    await writer.submit(image.name, { kind: 'timerSet', at, failed });
  }

  async function list(image: ImageRecord): Promise<void> {
    if (isMember(image)) return;
    const { name, firstSeenAt } = image;
    const state = imageState(image, sets.current(deps.registryOf(name)));
    // One on its way out is listed as well: it may be complete for the next set of replicas.
    if (state === 'replicating' || state === 'deleting') await index.add({ name, firstSeenAt }, ['replicating']);
  }

  async function review(name: ImageName): Promise<void> {
    const { record: image } = await writer.submit(name, { kind: 'review' });
    if (image === undefined) return;
    await list(image);
    await setNext(image);
  }

  function offerPending(image: ImageRecord | undefined): void {
    if (image === undefined) return;
    relay.offerPending(image.name, pendingKeys(image), (keys) => deps.dueEvents(image, keys));
  }

  /**
   * Before replicas and other images are read or written: what always fails there must not keep events from being sent. Of a
   * record that cannot be written the events are read.
   */
  async function publishPending(name: ImageName, scheduledFor?: number): Promise<ImageRecord | undefined> {
    const reviewed = writer.submit(name, { kind: 'review', scheduledFor });
    const { record: image } = await reviewed.catch(async (error: unknown) => {
      // Where it cannot be read either there are no events to send, and the first error says why: the timer rings again.
      offerPending(await writer.read(name).catch(() => undefined));
      throw error;
    });
    offerPending(image);
    return image;
  }

  /** There is no record to tell what has been tried: the timer itself says since when. */
  async function searchOn(name: ImageName, firstNoticedAt: number, retryAfterMs: number): Promise<void> {
    const { policy, now } = decisionContext(deps.registryOf(name));
    if (policy.probeAfterMs === undefined) return;
    const next = nextUnseenProbeAt(firstNoticedAt, now, policy.probeAfterMs, retryAfterMs);
    if (next !== null) await timer.add(name, next, firstNoticedAt);
  }

  return {
    review,
    async reconcile(name, scheduledFor, firstNoticedAt) {
      const registry = deps.registryOf(name);
      await sets.ready(registry);
      let image = await publishPending(name, scheduledFor);
      if (image !== undefined) deps.imageChanged(name);
      const setAt = image?.requeueAt;
      // Before what may fail below, for the same reason; and a queue that always refuses must not keep that from being done.
      const [handedOver] = await Promise.allSettled([image && deps.forwards.handOver(image)]);
      if (image !== undefined && (await deps.readFamily(image)))
        ({ record: image } = await writer.submit(name, { kind: 'review' }));
      const summary = await probes.probeIfDue(name, image);
      if (summary !== undefined) ({ record: image } = await writer.submit(name, { kind: 'review' }));
      if (image === undefined) {
        if (firstNoticedAt !== undefined) await searchOn(name, firstNoticedAt, summary?.retryAfterMs ?? 0);
        return;
      }
      await list(image);
      await deps.compareTags(image);
      // The timer that fired is tried again until this succeeds: with a next one beside it each failure would add one.
      if (handedOver.status === 'rejected') throw handedOver.reason;
      // A replica that could not tell is asked again when it may be, not only when the pauses have grown that far.
      const isUnclear = summary !== undefined && summary.unclear.length > 0;
      // What was noted since then is the one that has rung: somebody slow had set it, and it came early.
      const isSpent = scheduledFor !== undefined && image.requeueAt !== setAt && (image.requeueAt ?? 0) <= scheduledFor;
      await setNext(
        isSpent ? { ...image, requeueAt: null } : image,
        isUnclear ? clock.now() + summary.retryAfterMs : undefined,
      );
    },
    async trackUnseen(name) {
      const { policy, now } = decisionContext(deps.registryOf(name));
      if (policy.probeAfterMs !== undefined) await timer.add(name, now + policy.probeAfterMs, now);
    },
  };
}
