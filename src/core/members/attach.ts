/**
 * Notes what an untagged manifest is attached to: in its own record, so that it is not published by itself, and in that of its
 * subject, so that it is waited for with it.
 */

import type { Attachment } from '../image/attached.ts';
import { maxAttachments } from '../image/attached.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import type { Digest } from '../model/digest.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { regionalOrigin } from '../model/registry.ts';
import { putNewest } from '../runtime/bounded-map.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import { toAttachment } from './artifact-kind.ts';
import { bytesOf, subjectOf } from './manifest-document.ts';
import type { ManifestReader } from './ports.ts';

interface Attacher {
  /** Reads what it is attached to, and notes that. Never fails. */
  attach(from: ManifestReader, image: ImageRecord): Promise<void>;
  /** Notes what its manifest has told. Never fails. */
  store(name: ImageName, attached: ReturnType<typeof subjectOf>): Promise<void>;
  /** Somebody has reported the image, to which something may be attached. Never fails. */
  reported(image: ImageName): void;
}

/** Between tries to store what a manifest is attached to: within the ten seconds in which nothing is published of it. */
const storePausesMs = [500, 1_500, 4_000];
/** Subjects that nobody has reported yet. */
const maxAwaited = 1_000;
/** The bytes of a manifest go with the next write of its record, which an index or the next region makes before. */
const sizedWithinMs = 60_000;

export function attacher(deps: {
  readonly writer: Pick<ImageWriter, 'submit' | 'submitWithin'>;
  readonly clock: Clock;
  readonly log: Log;
  registryOf(name: ImageName): Registry;
}): Attacher {
  const { clock, log } = deps;
  /** What is attached to an image that nobody has reported yet, by image: its record is written with the first report. */
  const awaited = new Map<string, readonly Attachment[]>();

  /** Part of the family of its subject: what is attached is not told by itself. Never fails. */
  async function attach(from: ManifestReader, { name, mediaType, arrivals }: ImageRecord): Promise<void> {
    const registry = deps.registryOf(name);
    const [first] = Object.keys(arrivals) as Region[];
    const own = first !== undefined && regionalOrigin(registry, first) !== undefined ? first : undefined;
    const answer = await from.read(registry, own, name.repository, name.digest, mediaType === null ? [] : [mediaType]);
    if (answer.kind !== 'manifest') return;
    const bytes = bytesOf(answer.body);
    // Not waited for: it goes with what is written next.
    if (bytes !== undefined) {
      deps.writer.submitWithin(name, { kind: 'bytesRead', bytes }, sizedWithinMs).catch((error: unknown) => {
        log.warn('bytes not stored', { image: imageKey(name), error: describeError(error) });
      });
    }
    await store(name, subjectOf(answer.body));
  }

  /** Never fails. */
  async function store(name: ImageName, attached: ReturnType<typeof subjectOf>): Promise<void> {
    if (attached === undefined || attached.subject === name.digest) return;
    const { subject } = attached;
    await tellSubject({ ...name, digest: subject }, [toAttachment({ ...attached, digest: name.digest })]);
    await storeSubject(name, subject);
  }

  /** Again while it is held: without it the artifact would be published by itself. Never fails. */
  async function storeSubject(name: ImageName, subject: Digest): Promise<void> {
    for (const pauseMs of [...storePausesMs, undefined]) {
      try {
        await deps.writer.submit(name, { kind: 'subjectRead', subject });
        return;
      } catch (error) {
        log.warn('subject not stored', { image: imageKey(name), error: describeError(error) });
        if (pauseMs === undefined) return;
        await clock.sleep(pauseMs);
      }
    }
  }

  /** Never fails. */
  async function tellSubject(subject: ImageName, attachments: readonly Attachment[]): Promise<void> {
    const key = imageKey(subject);
    try {
      const { record } = await deps.writer.submit(subject, { kind: 'attachmentsFound', attachments });
      if (record !== undefined) return;
    } catch (error) {
      log.warn('attachment not stored, will retry', { image: key, error: describeError(error) });
    }
    const all = [...(awaited.get(key) ?? []), ...attachments];
    putNewest(awaited, key, all.slice(-maxAttachments), maxAwaited);
  }

  return {
    attach,
    store,
    reported(image) {
      const key = imageKey(image);
      const attachments = awaited.get(key);
      if (attachments === undefined) return;
      awaited.delete(key);
      void tellSubject(image, attachments);
    },
  };
}
