/**
 * Reads indexes and connects the records: first each member's record stores which index lists it, then the index's record stores
 * what the members have reported. In this order no report of a member is lost; see docs/architecture.md.
 */

import type { Member, RegionalArrivals } from '../image/family.ts';
import { changesForIndexes, claimableUntil, isBeingRead, readWithinMs } from '../image/family-commands.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import type { Digest } from '../model/digest.ts';
import { isIndexType } from '../model/media-types.ts';
import type { Registry } from '../model/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { Log } from '../runtime/log.ts';
import { withTimeout } from '../runtime/timeout.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import { attacher } from './attach.ts';
import type { ManifestReader } from './ports.ts';
import type { IndexRead } from './read-index.ts';
import { readIndex } from './read-index.ts';
import type { Readability } from './readability.ts';

interface FamilyReader {
  /** To be called after each write: reads in the background an index that this write has put on hold. Never fails. */
  written(image: ImageRecord, before: ImageRecord | undefined): void;
  /** To be called when the index's timer fires. Never fails. @returns whether a read was due, and was made */
  readIfDue(image: ImageRecord): Promise<boolean>;
}

/** Pauses between attempts while the index is held. */
const pausesMs = [300, 900];
/** The longest time for the attempts that one report or timer causes, whatever pauses the registry asks for. */
const maxReadMs = 10_000;
/** While the registry's manifests cannot be read: one attempt per index, in this time. */
const shortReadMs = 2_000;
const maxAtOnce = 8;

export function familyReader(deps: {
  readonly reader: ManifestReader | undefined;
  readonly readings: Readability;
  readonly writer: ImageWriter;
  readonly clock: Clock;
  readonly log: Log;
  registryOf(name: ImageName): Registry;
}): FamilyReader {
  const { reader, readings, clock, log } = deps;
  const attachments = attacher(deps);
  /** The indexes that are being read now, with the record as it was last written. */
  const underWay = new Map<string, ImageRecord>();

  /**
   * `heldUntil`: `nextReadAt` of the record that the last attempt was made with. A later report may call for another attempt.
   */
  async function tryToRead(
    from: ManifestReader,
    registry: Registry,
    key: string,
    { until, pauses }: { readonly until: number; readonly pauses: readonly number[] },
  ): Promise<{ read: IndexRead; heldUntil: number | null }> {
    for (let attempt = 0; ; attempt++) {
      const image = underWay.get(key);
      if (image === undefined) throw new Error(`${key} is not being read`);
      const inTime = await withTimeout(clock, Math.max(0, until - clock.now()), readIndex(from, registry, image));
      const read: IndexRead = inTime ?? { kind: 'unclear', reason: 'timeout' };
      const pauseMs = Math.max(pauses[attempt] ?? Number.NaN, 'retryAfterMs' in read ? (read.retryAfterMs ?? 0) : 0);
      const isOver = read.kind === 'members' || read.kind === 'unreadable' || Number.isNaN(pauseMs);
      if (isOver || clock.now() + pauseMs >= until) return { read, heldUntil: image.family?.nextReadAt ?? null };
      await clock.sleep(pauseMs);
    }
  }

  async function claim({ registry, repository, digest: index }: ImageName, members: readonly Member[]) {
    const reported: Record<string, RegionalArrivals> = {};
    const sizes = new Map<Digest, number>();
    const digests = [...new Set(members.map(({ digest }) => digest))];
    for (const some of inChunks(digests, maxAtOnce)) {
      await Promise.all(
        some.map(async (digest) => {
          const { record } = await deps.writer.submit(
            { registry, repository, digest },
            { kind: 'listedByIndex', index },
          );
          if (record !== undefined) reported[digest] = changesForIndexes(undefined, record);
          if (record?.bytes !== undefined) sizes.set(digest, record.bytes);
        }),
      );
    }
    return { reported, sizes };
  }

  async function readNow(from: ManifestReader, first: ImageRecord): Promise<void> {
    const { name } = first;
    const key = imageKey(name);
    const isRunning = underWay.has(key);
    underWay.set(key, first);
    if (isRunning) return;
    const registry = deps.registryOf(name);
    let reportedAt = clock.now();
    try {
      for (;;) {
        const bounds = readings.hasJustFailed(registry.name)
          ? { until: reportedAt + shortReadMs, pauses: [] }
          : { until: clock.now() + maxReadMs, pauses: pausesMs };
        const { read, heldUntil } = await tryToRead(from, registry, key, bounds);
        if (read.kind === 'unclear') readings.noteFailed(registry.name);
        else if (read.kind !== 'unreadable') readings.noteReached(registry.name);
        if (read.kind === 'members') {
          readings.noteRead(registry.name);
          const { members, indexes, attached } = read;
          // Before the hold ends: without its subject the index would be published by itself.
          await attachments.store(name, attached);
          const { reported, sizes } = await claim(name, members);
          const bytes = members.map(({ digest }) => {
            const size = indexes.has(digest) ? 0 : (sizes.get(digest) ?? null);
            // A manifest that is listed for two platforms is counted once.
            sizes.set(digest, 0);
            return size;
          });
          await deps.writer.submit(name, { kind: 'membersRead', members, reported, bytes });
          return;
        }
        const { reason } = read;
        const isUnreadable = read.kind === 'unreadable';
        log.info('index not read', { image: key, reason });
        const { members, missing } = read.kind === 'incomplete' ? read : { members: [], missing: [] };
        // From now on a report of any of them lets the index be read again.
        const { reported } = await claim(name, members);
        const command = { kind: 'membersUnread', reason, isUnreadable, missing, reported, heldUntil } as const;
        const { record } = await deps.writer.submit(name, command);
        // A report of another region has started another hold: read it again.
        if (record === undefined || !isBeingRead(record, clock.now())) return;
        underWay.set(key, record);
        reportedAt = (record.family?.nextReadAt ?? 0) - readWithinMs;
      }
    } catch (error) {
      log.warn('members not stored, will retry', { image: key, error: describeError(error) });
    } finally {
      underWay.delete(key);
    }
  }

  return {
    written(image, before) {
      const { family } = image;
      attachments.reported(image.name);
      const isNew = isBeingRead(image, clock.now()) && family?.nextReadAt !== before?.family?.nextReadAt;
      if (reader === undefined) return;
      if (isNew) void readNow(reader, image);
      if (isIndexType(image.mediaType)) return;
      // It is published in ten seconds, unless an index claims it or it turns out to have a subject.
      const context = { reading: readings.reading(deps.registryOf(image.name)), now: clock.now() };
      if (before === undefined && claimableUntil(image, context) !== null) void attachments.attach(reader, image);
    },
    async readIfDue(image) {
      const { members, nextReadAt } = image.family ?? {};
      if (members !== null || nextReadAt == null || clock.now() < nextReadAt) return false;
      if (reader === undefined || readings.reading(deps.registryOf(image.name)) === undefined) return false;
      await readNow(reader, image);
      return true;
    },
  };
}
