/**
 * Finds the artifacts attached to an image, when a request asks for them: under cosign's tags, known from webhooks; and by
 * `subject`, known from manifests that were read and from the registry's referrers. Those found by `subject` are stored in the
 * image's record. Which regions have an artifact is decided by its own record, as for every manifest.
 */
import type { Attached, AttachedArtifact, Attachment } from '../image/attached.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { arrivalRegions, imageKey } from '../image/record.ts';
import { isAvailableIn, isManifestDeleted } from '../image/state.ts';
import { tagPointers } from '../image/tag-resolution.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { regionalOrigin } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import { putNewest } from '../runtime/bounded-map.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { ImageWriter } from '../store/image-writer.ts';
import type { ReadTag } from '../store/read-tag.ts';
import { cosignTag, isAskedFor, toAttachment } from './artifact-kind.ts';
import type { ManifestReader } from './ports.ts';

interface ListedReferrers {
  readonly listedAt: number;
  /** Whether any replica, or the login server, listed its referrers. */
  readonly isKnown: boolean;
  /** All referrers ever listed. Once listed, an artifact is waited for, even if the next answer lacks it. */
  readonly referrers: ReadonlyMap<string, Attachment>;
  /** The referrers in the latest answers. */
  readonly listed: ReadonlySet<string>;
  /** Those that were stored in the image's record, which keeps only the newest. */
  readonly stored: ReadonlySet<string>;
}

/** An answer is reused for this long, however many requests wait for the image. */
const freshMs = 3_000;
const maxKept = 1_000;

export function attachedArtifacts(deps: {
  readonly reader: ManifestReader | undefined;
  readonly clock: Clock;
  registryOf(name: ImageName): Registry;
  set(registry: Registry): ReplicaSet;
  readImage(name: ImageName): Promise<ImageRecord | undefined>;
  readonly readTag: ReadTag;
  readonly writer: Pick<ImageWriter, 'submit'>;
  readonly log: Log;
}): (name: ImageName, wantedKinds: readonly string[], record: ImageRecord | undefined) => Promise<Attached> {
  const { reader, clock, log } = deps;
  const kept = new Map<string, Promise<ListedReferrers>>();

  async function listReferrers(
    name: ImageName,
    before: ListedReferrers | undefined,
    record: ImageRecord | undefined,
  ): Promise<ListedReferrers> {
    const registry = deps.registryOf(name);
    const listedAt = clock.now();
    const referrers = new Map(before?.referrers);
    const unanswered = {
      listedAt,
      isKnown: false,
      referrers,
      listed: before?.listed ?? new Set(),
      stored: stored(before, record),
    };
    if (reader === undefined || registry.members === false) return unanswered;
    const own = expectedRegions(deps.set(registry)).filter((region) => regionalOrigin(registry, region) !== undefined);
    const sources: (Region | undefined)[] = [...own, undefined];
    const answers = await Promise.all(
      sources.map((region) => reader.referrers(registry, region, name.repository, name.digest)),
    );
    if (answers.every((answer) => answer === undefined)) return unanswered;
    const listed = answers.flatMap((answer) => answer ?? []).map(toAttachment);
    for (const one of listed) referrers.set(one.digest, one);
    return {
      listedAt,
      isKnown: true,
      referrers,
      listed: new Set(listed.map(({ digest }) => digest)),
      stored: await storeNew(name, listed, record, unanswered.stored),
    };
  }

  function stored(before: ListedReferrers | undefined, record: ImageRecord | undefined): ReadonlySet<string> {
    return new Set([...(before?.stored ?? []), ...(record?.attachments ?? []).map(({ digest }) => digest)]);
  }

  /** Stores new ones in the image's record, so that they are waited for after a restart and on every instance. Never fails. */
  async function storeNew(
    name: ImageName,
    listed: readonly Attachment[],
    record: ImageRecord | undefined,
    before: ReadonlySet<string>,
  ): Promise<ReadonlySet<string>> {
    const attachments = listed.filter(({ digest }) => !before.has(digest));
    if (record === undefined || attachments.length === 0) return before;
    try {
      await deps.writer.submit(name, { kind: 'attachmentsFound', attachments });
      return new Set([...before, ...attachments.map(({ digest }) => digest)]);
    } catch (error) {
      log.warn('attachments not stored, will retry', { image: imageKey(name), error: describeError(error) });
      return before;
    }
  }

  async function find(name: ImageName, record: ImageRecord | undefined): Promise<ListedReferrers> {
    const key = imageKey(name);
    const before = await kept.get(key);
    if (before !== undefined && clock.now() < before.listedAt + freshMs) return before;
    const listing = listReferrers(name, before, record);
    putNewest(kept, key, listing, maxKept);
    return listing;
  }

  async function bySubject(
    name: ImageName,
    wantedKinds: readonly string[],
    { referrers, listed }: ListedReferrers,
    image: ImageRecord | undefined,
  ): Promise<AttachedArtifact[]> {
    const set = deps.set(deps.registryOf(name));
    const known = new Map([...(image?.attachments ?? []).map((one) => [one.digest, one] as const), ...referrers]);
    const matching = [...known.values()].filter((one) => wantedKinds.some((text) => isAskedFor(text, one)));
    const artifacts = matching.map(async ({ digest, artifactType, kind }) => {
      const record = await deps.readImage({ ...name, digest });
      // It was deleted in every region, and the registry does not list it any more.
      if (record !== undefined && isManifestDeleted(record, set) && !listed.has(digest)) return [];
      const regions = arrivalRegions(record).filter((region) => isAvailableIn(record, region, set));
      return [{ digest, artifactType, kinds: kind === undefined ? [] : [kind], regions }];
    });
    return (await Promise.all(artifacts)).flat();
  }

  async function byTag(name: ImageName, kind: string): Promise<AttachedArtifact[]> {
    const tag = cosignTag(name.digest, kind);
    if (tag === undefined) return [];
    const { registry, repository } = name;
    const records = await deps.readTag({ registry, repository, tag });
    const pointers = tagPointers(tag, records);
    const digest = pointers.newest?.digest;
    const record = records.find((one) => one.name.digest === digest);
    if (digest === undefined || record === undefined || pointers.regions.size === 0) return [];
    const set = deps.set(deps.registryOf(name));
    const regions = [...pointers.regions.keys()].filter(
      (region) => pointers.regions.get(region)?.digest === digest && isAvailableIn(record, region, set),
    );
    return [{ digest, artifactType: null, kinds: [kind], regions }];
  }

  return async (name, wantedKinds, record) => {
    const found = await find(name, record);
    const artifacts = await Promise.all([
      bySubject(name, wantedKinds, found, record),
      ...wantedKinds.map((one) => byTag(name, one)),
    ]);
    return { isKnown: found.isKnown, artifacts: artifacts.flat() };
  };
}
