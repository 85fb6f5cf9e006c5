/**
 * Finds out what an untagged manifest is attached to. Stores that in its own record, so that it is not published by itself, and
 * in the subject's record, so that the subject is waited for together with it.
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
import type { NamedSubject } from './manifest-document.ts';
import { bytesOf, subjectOf } from './manifest-document.ts';
import type { ManifestReader } from './ports.ts';

interface Attacher {
  /** Reads the manifest, and stores its subject, if it has one. Never fails. */
  attach(from: ManifestReader, image: ImageRecord): Promise<void>;
  /** Stores the subject that was read from the manifest. Never fails. */
  store(name: ImageName, attached: NamedSubject | undefined): Promise<void>;
  /** To be called when a region has reported the image: stores attachments found before it had a record. Never fails. */
  reported(image: ImageName): void;
}

/** Pauses between attempts to store the subject: within the ten seconds in which the manifest is not published by itself. */
const storePausesMs = [500, 1_500, 4_000];
/** Subjects without a record whose attachments are kept in memory. */
const maxAwaited = 1_000;
/** Bytes are stored with the next write of the record. A report of an index or of the next region usually comes sooner. */
const sizedWithinMs = 60_000;

export function attacher(deps: {
  readonly writer: Pick<ImageWriter, 'submit' | 'submitWithin'>;
  readonly clock: Clock;
  readonly log: Log;
  registryOf(name: ImageName): Registry;
}): Attacher {
  const { clock, log } = deps;
  /** Attachments of images that no region has reported yet, by image. They are stored after the first report. */
  const awaited = new Map<string, readonly Attachment[]>();

  /** Never fails. */
  async function attach(from: ManifestReader, { name, mediaType, arrivals }: ImageRecord): Promise<void> {
    const registry = deps.registryOf(name);
    const [first] = Object.keys(arrivals) as Region[];
    const own = first !== undefined && regionalOrigin(registry, first) !== undefined ? first : undefined;
    const answer = await from.read(registry, own, name.repository, name.digest, mediaType === null ? [] : [mediaType]);
    if (answer.kind !== 'manifest') return;
    const bytes = bytesOf(answer.body);
    // Not awaited, since it is stored with the next write.
    if (bytes !== undefined) {
      deps.writer.submitWithin(name, { kind: 'bytesRead', bytes }, sizedWithinMs).catch((error: unknown) => {
        log.warn('bytes not stored', { image: imageKey(name), error: describeError(error) });
      });
    }
    await store(name, subjectOf(answer.body));
  }

  /** Never fails. */
  async function store(name: ImageName, attached: NamedSubject | undefined): Promise<void> {
    if (attached === undefined || attached.subject === name.digest) return;
    const { subject } = attached;
    await storeAtSubject({ ...name, digest: subject }, [toAttachment({ ...attached, digest: name.digest })]);
    await storeSubject(name, subject);
  }

  /** Retries while no event may be published about it: without its subject it would be published by itself. Never fails. */
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
  async function storeAtSubject(subject: ImageName, attachments: readonly Attachment[]): Promise<void> {
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
      void storeAtSubject(image, attachments);
    },
  };
}
