/**
 * Evaluates all images of a release, notes in its record that it is available or delayed, and publishes that. The record is
 * written only if it has not changed since it was read, so of many instances that evaluate at once one notes the announcement, and
 * none is noted in a revision whose images were not evaluated. The instance that notes an announcement publishes it. If it is not
 * published some seconds later, any instance that evaluates the release does.
 */
import type { EventPublisher } from '../outbox/ports.ts';
import type { SeveralResult } from '../query/several-images.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Tracker } from '../tracker.ts';
import type { ReleaseStore, StoredRelease } from './ports.ts';
import type { Release } from './release.ts';
import { advance, becameTrueAt, isSameRevision, noteAnnouncementAccepted, pendingAnnouncement } from './release.ts';
import type { ReleaseEventData } from './release-document.ts';
import { durationOf, toReleaseEvent } from './release-document.ts';
import { resolveRelease } from './resolve-release.ts';

export type ReleaseEvaluation =
  | { readonly kind: 'evaluated'; readonly release: Release; readonly result: SeveralResult }
  | { readonly kind: 'untracked'; readonly release: Release; readonly loginServer: string }
  | { readonly kind: 'unknown' };

interface ReleaseEvaluator {
  /** Evaluates after this call; calls during an evaluation share the next one. Fails with an `UpstreamError`. */
  evaluate(name: string): Promise<ReleaseEvaluation>;
  /** Resolves when this instance is publishing nothing. */
  announced(): Promise<void>;
}

interface ReleaseEvaluatorDeps {
  readonly store: ReleaseStore;
  readonly tracker: Pick<Tracker, 'registries' | 'ready' | 'replicaSet' | 'answerAll'>;
  readonly publisher: EventPublisher<ReleaseEventData>;
  readonly clock: Clock;
  readonly log: Log;
  readonly delayedAfterMs: number;
  /** @param begunAt when the write was sent, milliseconds since 1970 */
  onWritten(stored: StoredRelease, begunAt: number): void;
}

const maxAttempts = 20;
/** Until then the instance that noted the announcement may be publishing it. */
const othersPublishAfterMs = 10_000;

export function releaseEvaluator(deps: ReleaseEvaluatorDeps): ReleaseEvaluator {
  const { store, tracker, publisher, clock, log } = deps;
  const evaluations = new Map<
    string,
    { readonly now: Promise<ReleaseEvaluation>; next: Promise<ReleaseEvaluation> | undefined }
  >();
  const publishing = new Map<string, Promise<void>>();
  /** By name, the last write that got no answer: it may be stored. */
  const unanswered = new Map<string, Release>();

  async function write(release: Release, basedOn: StoredRelease): Promise<StoredRelease | 'conflict'> {
    const begunAt = clock.now();
    unanswered.set(release.name, release);
    const stored = await store.replace(release, basedOn);
    unanswered.delete(release.name);
    if (stored !== 'conflict') deps.onWritten(stored, begunAt);
    return stored;
  }

  async function evaluateOnce(name: string): Promise<ReleaseEvaluation> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const stored = await store.read(name);
      if (stored === undefined) return { kind: 'unknown' };
      const resolved = await resolveRelease(stored.release, tracker);
      if (resolved.kind === 'untracked') return { ...resolved, release: stored.release };
      const result = await tracker.answerAll(resolved.asked);
      const { satisfied, images } = result.document;
      const duration = satisfied ? durationOf(images) : undefined;
      const release = advance(stored.release, duration, clock.now(), deps.delayedAfterMs);
      const written = release === stored.release ? stored : await write(release, stored);
      if (written === 'conflict') continue;
      announce(written.release, result, written !== stored || isOurs(stored.release));
      return { kind: 'evaluated', release, result };
    }
    throw new UpstreamError('conflict', `release ${name} kept changing`);
  }

  /** Whether this instance noted the announcement, by a write that got no answer. */
  function isOurs(release: Release): boolean {
    const sent = unanswered.get(release.name);
    if (sent === undefined || !isSameRevision(sent, release)) return false;
    return sent.availableAt === release.availableAt && sent.delayedAt === release.delayedAt;
  }

  function announce(release: Release, result: SeveralResult, isOurs: boolean): void {
    const announcement = pendingAnnouncement(release);
    if (
      announcement === undefined ||
      !(isOurs || clock.now() - becameTrueAt(release, announcement) >= othersPublishAfterMs)
    )
      return;
    const key = `${announcement} ${release.createdAt} ${release.revision} ${release.name}`;
    if (publishing.has(key)) return;
    const published = publishPending(release, result)
      .catch((error: unknown) => {
        log.warn('release event not accepted, will retry', { release: release.name, error: describeError(error) });
      })
      .finally(() => publishing.delete(key));
    publishing.set(key, published);
  }

  async function publishPending(release: Release, { document }: SeveralResult): Promise<void> {
    const announcement = pendingAnnouncement(release);
    const registry = tracker.registries.find(({ loginServer }) => loginServer === document.images[0]?.registry);
    if (announcement === undefined || registry === undefined) return;
    await publisher.publish([toReleaseEvent(release, announcement, document, registry)]);
    const acceptedAt = clock.now();
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const stored = await store.read(release.name);
      if (stored === undefined || !isSameRevision(stored.release, release)) return;
      if (pendingAnnouncement(stored.release) !== announcement) return;
      if ((await write(noteAnnouncementAccepted(stored.release, announcement, acceptedAt), stored)) !== 'conflict')
        return;
    }
  }

  /** Never joins the evaluation under way, which may have read images before this call. */
  function evaluate(name: string): Promise<ReleaseEvaluation> {
    const running = evaluations.get(name);
    if (running === undefined) return begin(name);
    running.next ??= running.now.then(
      () => begin(name),
      () => begin(name),
    );
    return running.next;
  }

  function begin(name: string): Promise<ReleaseEvaluation> {
    const now = evaluateOnce(name);
    const entry = { now, next: undefined };
    evaluations.set(name, entry);
    const end = () => {
      if (evaluations.get(name) === entry) evaluations.delete(name);
    };
    now.then(end, end);
    return now;
  }

  return {
    evaluate,
    announced: async () => {
      await Promise.all(publishing.values());
    },
  };
}
