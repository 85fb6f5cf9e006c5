/**
 * When replicas are asked: at once for an image that a request waits for and no replica has reported, after a while for an image
 * that is still missing somewhere, and at once where a report counts only after the replica has confirmed it. Requests that
 * need the same probe share one.
 */

import { isDeleted, isDoubtful } from '../image/arrival.ts';
import type { AvailabilityQuery, AvailabilitySnapshot } from '../image/availability.ts';
import type { DecisionContext } from '../image/context.ts';
import { probeTargets } from '../image/probe-targets.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { arrivalIn, imageKey } from '../image/record.ts';
import { hasUnverified, openSince } from '../image/requeue.ts';
import { isUnverified, missingMembers } from '../image/state.ts';
import { tagsToAsk } from '../image/tag-progress.ts';
import type { Digest } from '../model/digest.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { WatchedImage } from '../store/image-watch.ts';
import type { ReadTag } from '../store/read-tag.ts';
import type { ProbeImageDeps, ProbeSummary } from './probe-image.ts';
import { mediaTypesOf, probeImage, probeTag } from './probe-image.ts';

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
/** Attached artifacts that are probed at a time. */
const maxAttached = 10;

export function probeScheduler(
  deps: ProbeImageDeps & {
    readonly readTag: ReadTag;
    readonly log: Log;
    registryOf(name: ImageName): Registry;
    decisionContext(registry: Registry): DecisionContext;
    /** Of a member, with what its indexes know. */
    readImage(name: ImageName): Promise<ImageRecord | undefined>;
  },
): ProbeScheduler {
  const { clock, log, decisionContext } = deps;
  const underWay = new Map<string, Promise<ProbeSummary>>();
  const waitedFor = new Map<string, { waiters: number; readonly none: AbortController }>();

  function probe(question: AvailabilityQuery, key: string): Promise<ProbeSummary> {
    const probing = underWay.get(key) ?? probeNow(question).finally(() => underWay.delete(key));
    underWay.set(key, probing);
    return probing;
  }

  /** Reads the record first: another instance may have stored more since the timer fired. */
  async function probeNow({ registry, repository, tag, digest }: AvailabilityQuery): Promise<ProbeSummary> {
    const { set, policy, now } = decisionContext(registry);
    const place = { registry: registry.name, repository };
    if (tag !== undefined) {
      const candidates = await deps.readTag({ ...place, tag });
      return probeTag(deps, registry, { ...place, tag }, candidates, set);
    }
    if (digest === undefined) throw new Error('a question names a tag or a digest');
    const name = { ...place, digest };
    const image = await deps.readImage(name);
    const { presence, absence } = probeTargets(image, set, now - (policy.probeAfterMs ?? 0));
    const target = { name, mediaTypes: mediaTypesOf(image) };
    const members = image === undefined ? [] : lackingMembers(image, set);
    return mergeSummaries(
      await Promise.all([
        probeImage(deps, registry, target, presence),
        probeImage(deps, registry, target, absence, true),
        ...members.map((member) => probeMember(registry, { ...place, digest: member.digest }, member)),
      ]),
    );
  }

  /** If one region has deleted a member, the others must be asked whether they still have it, as for any image. */
  async function probeMember(
    registry: Registry,
    name: ImageName,
    { regions, isInDoubt }: LackingMember,
  ): Promise<ProbeSummary> {
    // An index may have a hundred members. Only for those in doubt the member's own record is read; for the others, what the
    // index's record says of them is enough.
    if (!isInDoubt) return probeImage(deps, registry, { name, mediaTypes: [] }, regions);
    const { set, policy, now } = decisionContext(registry);
    const image = await deps.readImage(name);
    const { presence, absence } = probeTargets(image, set, now - (policy.probeAfterMs ?? 0));
    const target = { name, mediaTypes: mediaTypesOf(image) };
    const missing = presence.filter((region) => regions.includes(region));
    return mergeSummaries(
      await Promise.all([
        probeImage(deps, registry, target, missing),
        probeImage(deps, registry, target, absence, true),
      ]),
    );
  }

  /** Artifacts that the registry lists and no webhook has reported: they are older than the tracker, or their webhook was lost. */
  async function probeAttached({ registry, repository }: AvailabilityQuery, watched: WatchedImage): Promise<void> {
    const { set } = decisionContext(registry);
    const { attached } = await watched.read();
    const lacking = (attached?.artifacts ?? []).flatMap(({ digest, regions }) => {
      const missing = expectedRegions(set).filter((region) => !regions.includes(region));
      return missing.length === 0 ? [] : [{ digest, missing }];
    });
    await Promise.all(
      lacking.slice(0, maxAttached).map(({ digest, missing }) => {
        const name = { registry: registry.name, repository, digest };
        return probeImage(deps, registry, { name, mediaTypes: [] }, missing);
      }),
    );
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
      if (question.artifacts?.length) await probeAttached(question, watched).catch(retryLater);
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

interface LackingMember {
  readonly digest: Digest;
  /** Where it is missing. */
  readonly regions: readonly Region[];
  /** A region has deleted it, or may have. */
  readonly isInDoubt: boolean;
}

function lackingMembers(image: ImageRecord, set: ReplicaSet): LackingMember[] {
  const lacking = expectedRegions(set).map((region) => ({ region, members: missingMembers(image, region, set) }));
  const digests = new Set(image.family?.members?.map(({ digest }) => digest));
  return [...digests].flatMap((digest): LackingMember[] => {
    const regions = lacking.filter(({ members }) => members.some((one) => one.digest === digest));
    if (regions.length === 0) return [];
    const reported = image.family?.reported[digest] ?? {};
    const isInDoubt = Object.values(reported).some((arrival) => isDeleted(arrival) || isDoubtful(arrival));
    return [{ digest, regions: regions.map(({ region }) => region), isInDoubt }];
  });
}

function mergeSummaries(summaries: readonly ProbeSummary[]): ProbeSummary {
  return {
    unclear: summaries.flatMap((one) => one.unclear),
    retryAfterMs: Math.max(0, ...summaries.map((one) => one.retryAfterMs)),
  };
}
