/**
 * When replicas are asked: at once for an image that a request waits for and no replica has reported, after a while for an image
 * that is still missing somewhere, and at once where a report counts only after the replica has confirmed it. Requests that
 * need the same probe share one.
 */

import type { AvailabilityQuery, AvailabilitySnapshot } from '../image/availability.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { arrivalIn, imageKey } from '../image/record.ts';
import { hasUnverified, openSince } from '../image/requeue.ts';
import { isUnverified } from '../image/state.ts';
import { tagsToAsk } from '../image/tag-progress.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { WatchedImage } from '../store/image-watch.ts';
import type { FamilyProbeDeps } from './probe-family.ts';
import { familyProbe } from './probe-family.ts';
import type { ProbeSummary } from './probe-image.ts';
import { mediaTypesOf, mergeSummaries, probeImage } from './probe-image.ts';

export interface ProbeScheduler {
  /** While a request waits: at once if no replica has reported the image, then with growing pauses. Never fails. */
  probeWhileWaiting(question: AvailabilityQuery, watched: WatchedImage, signal: AbortSignal): void;
  /** When the image's timer fires; `undefined` when nothing was due. Fails with an `UpstreamError`. */
  probeIfDue(name: ImageName, image: ImageRecord | undefined): Promise<ProbeSummary | undefined>;
  /** Asks the replica to confirm its report, where a report counts only then. Never fails. */
  confirm(image: ImageRecord, region: Region): void;
}

const minPauseMs = 5_000;
/** Tags of one image that are probed at a time: the newest. */
const maxTags = 5;

export function probeScheduler(
  deps: FamilyProbeDeps & {
    readonly log: Log;
    registryOf(name: ImageName): Registry;
  },
): ProbeScheduler {
  const { clock, log, decisionContext } = deps;
  const family = familyProbe(deps);
  const underWay = new Map<string, Promise<ProbeSummary>>();
  const waitedFor = new Map<string, { waiters: number; readonly none: AbortController }>();

  function probe(question: AvailabilityQuery, key: string): Promise<ProbeSummary> {
    const probing = underWay.get(key) ?? family.probe(question).finally(() => underWay.delete(key));
    underWay.set(key, probing);
    return probing;
  }

  /** Whether no region has reported the image, or an artifact of it: then replicas are asked at once. */
  function isUnseen({ record, attached }: AvailabilitySnapshot): boolean {
    return record === undefined || (attached?.artifacts ?? []).some(({ regions }) => regions.length === 0);
  }

  async function probeRepeatedly(
    question: AvailabilityQuery,
    watched: WatchedImage,
    afterMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    /** All requests that wait for the image share this loop: after a failure of the storage it must go on. */
    const retryLater = (error: unknown) => {
      log.warn('probes failed, will retry', { registry: question.registry.name, error: describeError(error) });
      return minPauseMs;
    };
    let pauseMs = await watched.read().then((known) => (isUnseen(known) ? 0 : afterMs), retryLater);
    while (!signal.aborted) {
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) return;
      const retryAfterMs = await probe(question, watched.key).then((summary) => summary.retryAfterMs, retryLater);
      if (question.artifacts?.length) await family.probeAttached(question, watched).catch(retryLater);
      pauseMs = Math.max(retryAfterMs, Math.min(afterMs, Math.max(minPauseMs, pauseMs * 2)));
    }
  }

  return {
    probeWhileWaiting(question, watched, signal) {
      const { probeAfterMs } = decisionContext(question.registry).policy;
      if (probeAfterMs === undefined || signal.aborted) return;
      const entry = waitedFor.get(watched.key) ?? { waiters: 0, none: new AbortController() };
      waitedFor.set(watched.key, entry);
      entry.waiters++;
      signal.addEventListener('abort', () => {
        if (--entry.waiters > 0) return;
        entry.none.abort();
        waitedFor.delete(watched.key);
      });
      if (entry.waiters > 1) return;
      void probeRepeatedly(question, watched, probeAfterMs, entry.none.signal);
    },
    async probeIfDue(name, image) {
      const registry = deps.registryOf(name);
      const { policy, set, now } = decisionContext(registry);
      if (policy.probeAfterMs === undefined) return undefined;
      const isDue = image === undefined || now >= openSince(image, set) + policy.probeAfterMs;
      if (!isDue && !hasUnverified(image, set)) return undefined;
      const { repository, digest } = name;
      const question = { registry, repository, digest, tag: undefined };
      const summaries = [await probe(question, imageKey(name))];
      const tags = image === undefined ? [] : tagsToAsk(image, set);
      for (const tag of tags.slice(-maxTags)) {
        summaries.push(await probe({ registry, repository, digest, tag }, `${imageKey(name)} ${tag}`));
      }
      return mergeSummaries(summaries);
    },
    confirm(image, region) {
      const registry = deps.registryOf(image.name);
      const { set } = decisionContext(registry);
      if (!isUnverified(arrivalIn(image, region), set)) return;
      probeImage(deps, registry, { name: image.name, mediaTypes: mediaTypesOf(image) }, [region]).catch(
        (error: unknown) => {
          log.warn('probe failed, will retry', {
            image: imageKey(image.name),
            region,
            error: describeError(error),
          });
        },
      );
    },
  };
}
