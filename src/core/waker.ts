/**
 * What is done for an image when its timer rings, on whatever instance: all that whoever wrote it last may have died
 * before doing. Each timer sets the next for as long as anything is open, so that nothing depends on another webhook.
 */
import type { DueEvent } from './announcement.ts';
import type { Announcer } from './announcer.ts';
import type { Circumstances } from './circumstances.ts';
import { describeError } from './errors.ts';
import type { Forwarding } from './forwarding/forwarding.ts';
import type { ImageName, ImageRecord } from './image.ts';
import { imageKey, imageState, pendingKeys } from './image.ts';
import type { ImageWriter } from './image-writer.ts';
import type { Looker } from './looker.ts';
import { isTimerSet, nextSearchAt, nextWakeAt } from './next-wake.ts';
import type { Clock, ImageIndex, Log, WakeTimer } from './ports.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSets } from './replica-sets.ts';

export interface Waker {
  /**
   * The image's timer rang: tells what is still untold, calls it delayed when it is, sets the next timer.
   * @param rungAt for when the timer was set; it may ring earlier by our clock than by that of whoever set it
   * @param noticedAt since when it is looked for, while no replica has told of it
   */
  wake(name: ImageName, rungAt?: number, noticedAt?: number): Promise<void>;
  /** Somebody spoke of the image without saying where it is: the replicas are asked, where they can be, for a day. */
  notice(name: ImageName): Promise<void>;
  /** Looks again at one image, which the replicas there are now may make complete. */
  review(name: ImageName): Promise<void>;
}

export function waker(parts: {
  readonly timer: WakeTimer;
  readonly index: ImageIndex;
  readonly sets: ReplicaSets;
  readonly clock: Clock;
  readonly log: Log;
  readonly writer: ImageWriter;
  readonly teller: Announcer;
  readonly forwards: Forwarding;
  readonly asker: Looker;
  registry(name: ImageName): Registry;
  circumstances(registry: Registry): Circumstances;
  dueEvents(image: ImageRecord, keys: readonly string[]): DueEvent[];
  checkTags(image: ImageRecord): Promise<void>;
}): Waker {
  const { timer, index, sets, clock, log, writer, teller, asker, circumstances } = parts;

  /** Sets the image's next timer, unless the record knows of one: each of two would set the next, and so on. */
  async function setNext(image: ImageRecord, again = Number.POSITIVE_INFINITY): Promise<void> {
    const around = circumstances(parts.registry(image.name));
    const next = nextWakeAt(image, around);
    const due = next === null ? null : Math.min(next, again);
    if (due === null || isTimerSet(image.wakeAt, due, around.now)) return;
    await timer.wake(image.name, due);
    // Noted, so that a timer that rings twice does not set two, of which each may ring twice.
    await writer.submit(image.name, { kind: 'timerSet', at: due });
  }

  async function review(name: ImageName): Promise<void> {
    const { record: image } = await writer.submit(name, { kind: 'review' });
    if (image !== undefined) await setNext(image);
  }

  /** There is no record to tell what has been tried: the timer itself says since when. */
  async function searchOn(name: ImageName, noticedAt: number, retryAfterMs: number): Promise<void> {
    const { policy, now } = circumstances(parts.registry(name));
    if (policy.probeAfterMs === undefined) return;
    const next = nextSearchAt(noticedAt, now, policy.probeAfterMs, retryAfterMs);
    if (next !== null) await timer.wake(name, next, noticedAt);
  }

  return {
    review,
    async wake(name, rungAt, noticedAt) {
      const registry = parts.registry(name);
      await sets.ready(registry);
      let { record: image } = await writer.submit(name, { kind: 'review', rungAt });
      const setAt = image?.wakeAt;
      const lookedUp = await asker.lookIfDue(name, image);
      if (lookedUp !== undefined) ({ record: image } = await writer.submit(name, { kind: 'review' }));
      if (image === undefined) {
        if (noticedAt !== undefined) await searchOn(name, noticedAt, lookedUp?.retryAfterMs ?? 0);
        return;
      }
      const state = imageState(image, sets.current(registry));
      // One on its way out is listed as well: it may be complete for the next set of replicas.
      if (state === 'replicating' || state === 'deleting') {
        await index.add({ name, firstSeenAt: image.firstSeenAt }, ['replicating']);
      }
      await parts.checkTags(image);
      await parts.forwards.handOver(image);
      const untold = pendingKeys(image);
      if (untold.length > 0 && !teller.isTelling(name, untold)) {
        await teller.tell(name, parts.dueEvents(image, untold)).catch((error: unknown) => {
          log.warn('events not told, later again', { image: imageKey(name), error: describeError(error) });
        });
        image = await writer.read(name);
      }
      // A replica that could not tell is asked again when it may be, not only when the pauses have grown that far.
      const isUnclear = lookedUp !== undefined && lookedUp.unclear.length > 0;
      if (image === undefined) return;
      // What was noted since then is the one that has rung: somebody slow had set it, and it came early.
      const isSpent = rungAt !== undefined && image.wakeAt !== setAt && (image.wakeAt ?? 0) <= rungAt;
      await setNext(
        isSpent ? { ...image, wakeAt: null } : image,
        isUnclear ? clock.now() + lookedUp.retryAfterMs : undefined,
      );
    },
    async notice(name) {
      const { policy, now } = circumstances(parts.registry(name));
      if (policy.probeAfterMs !== undefined) await timer.wake(name, now + policy.probeAfterMs, now);
    },
  };
}
