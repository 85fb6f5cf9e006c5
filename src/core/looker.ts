/**
 * When the replicas are asked: at once for an image somebody waits for and nobody has reported, after a while for what
 * stays missing, and at once where a report counts only once the replica confirms it. However many want to know the
 * same, it is asked once.
 */
import type { Question } from './availability.ts';
import type { Circumstances } from './circumstances.ts';
import { describeError } from './errors.ts';
import type { ImageName, ImageRecord } from './image.ts';
import { arrivalIn, imageKey, isUnverified } from './image.ts';
import type { LookedUp, LookUpParts } from './look-up.ts';
import { lookUpImage, lookUpTag } from './look-up.ts';
import { hasUnverified, probedFrom } from './next-wake.ts';
import type { Log } from './ports.ts';
import type { Region } from './region.ts';
import type { Registry } from './registry.ts';
import { tagsToAsk } from './tag-progress.ts';
import type { Topic, Topics } from './topics.ts';
import { whomToAsk } from './whom-to-ask.ts';

export interface Looker {
  /** While somebody waits: at once if nobody has reported the image, then at growing pauses. Never fails. */
  lookWhileWaiting(question: Question, asked: Topic, signal: AbortSignal): void;
  /** When the image's timer rings; `undefined` when nothing was due. Fails with a `WorldError`. */
  lookIfDue(name: ImageName, image: ImageRecord | undefined): Promise<LookedUp | undefined>;
  /** Asks the replica whose report does not count before it confirms it. Never fails. */
  confirm(image: ImageRecord, region: Region): void;
}

const shortestPauseMs = 5_000;
/** Tags of one image asked for at a time: the newest. */
const mostTags = 5;

export function looker(
  parts: LookUpParts & {
    readonly topics: Topics;
    readonly log: Log;
    registry(name: ImageName): Registry;
    circumstances(registry: Registry): Circumstances;
    readImage(name: ImageName): Promise<ImageRecord | undefined>;
  },
): Looker {
  const { clock, log, circumstances } = parts;
  const underWay = new Map<string, Promise<LookedUp>>();
  const waitedFor = new Map<string, { waiters: number; readonly none: AbortController }>();

  function look(question: Question, key: string): Promise<LookedUp> {
    const looking = underWay.get(key) ?? lookNow(question).finally(() => underWay.delete(key));
    underWay.set(key, looking);
    return looking;
  }

  async function lookNow({ registry, repository, tag, digest }: Question): Promise<LookedUp> {
    const { set, policy, now } = circumstances(registry);
    const place = { registry: registry.name, repository };
    if (tag !== undefined) {
      const candidates = await parts.topics.readTag({ ...place, tag });
      return lookUpTag(parts, registry, { ...place, tag }, candidates, set);
    }
    if (digest === undefined) throw new Error('a question names a tag or a digest');
    const name = { ...place, digest };
    const image = await parts.readImage(name);
    const { whetherThere, whetherGone } = whomToAsk(image, set, now - (policy.probeAfterMs ?? 0));
    return together(
      await Promise.all([
        lookUpImage(parts, registry, name, whetherThere),
        lookUpImage(parts, registry, name, whetherGone, true),
      ]),
    );
  }

  async function lookRepeatedly(question: Question, asked: Topic, afterMs: number, signal: AbortSignal): Promise<void> {
    /** Every waiter of the topic relies on this one loop: what the tables would not read or write is tried again. */
    const notNow = (error: unknown) => {
      log.warn('replicas not asked, later again', { registry: question.registry.name, error: describeError(error) });
      return shortestPauseMs;
    };
    let pauseMs = await asked.read().then(({ record }) => (record === undefined ? 0 : afterMs), notNow);
    while (!signal.aborted) {
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) return;
      const leastMs = await look(question, asked.key).then(({ retryAfterMs }) => retryAfterMs, notNow);
      pauseMs = Math.max(leastMs, Math.min(afterMs, Math.max(shortestPauseMs, pauseMs * 2)));
    }
  }

  return {
    lookWhileWaiting(question, asked, signal) {
      const { probeAfterMs } = circumstances(question.registry).policy;
      if (probeAfterMs === undefined || signal.aborted) return;
      const entry = waitedFor.get(asked.key) ?? { waiters: 0, none: new AbortController() };
      waitedFor.set(asked.key, entry);
      entry.waiters++;
      signal.addEventListener('abort', () => {
        if (--entry.waiters > 0) return;
        entry.none.abort();
        waitedFor.delete(asked.key);
      });
      if (entry.waiters > 1) return;
      void lookRepeatedly(question, asked, probeAfterMs, entry.none.signal);
    },
    async lookIfDue(name, image) {
      const registry = parts.registry(name);
      const { policy, set, now } = circumstances(registry);
      if (policy.probeAfterMs === undefined) return undefined;
      const isDue = image === undefined || now >= probedFrom(image, set) + policy.probeAfterMs;
      if (!isDue && !hasUnverified(image, set)) return undefined;
      const { repository, digest } = name;
      const looked = [await look({ registry, repository, digest, tag: undefined }, imageKey(name))];
      const tags = image === undefined ? [] : tagsToAsk(image, set);
      for (const tag of tags.slice(-mostTags)) {
        looked.push(await look({ registry, repository, digest, tag }, `${imageKey(name)} ${tag}`));
      }
      return together(looked);
    },
    confirm(image, region) {
      const registry = parts.registry(image.name);
      const { set } = circumstances(registry);
      if (!isUnverified(arrivalIn(image, region), set)) return;
      lookUpImage(parts, registry, image.name, [region]).catch((error: unknown) => {
        log.warn('replica not asked, later again', {
          image: imageKey(image.name),
          region,
          error: describeError(error),
        });
      });
    },
  };
}

function together(looked: readonly LookedUp[]): LookedUp {
  return {
    unclear: looked.flatMap((one) => one.unclear),
    retryAfterMs: Math.max(0, ...looked.map((one) => one.retryAfterMs)),
  };
}
