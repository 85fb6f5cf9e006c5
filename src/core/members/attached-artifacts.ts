/**
 * What is attached to an image, found when somebody asks: under cosign's tags, of which webhooks have told, and by `subject`. Of
 * that a manifest tells that was read, and a registry's referrers; what either has told is noted in the image's record. Whether
 * a region has an artifact is what its own record says, as of every manifest.
 */
import type { Attached, AttachedArtifact, Attachment } from '../image/attached.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { arrivalRegions, imageKey } from '../image/record.ts';
import { isAvailableIn, isGone } from '../image/state.ts';
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

interface Found {
  readonly askedAt: number;
  /** One of them answered. */
  readonly isKnown: boolean;
  /** All that any of them has ever told: one that was told is waited for, whoever answers next. */
  readonly referrers: ReadonlyMap<string, Attachment>;
  /** What they told when one of them answered last. */
  readonly listed: ReadonlySet<string>;
  /** What is in the image's record, or was: it keeps the newest. */
  readonly noted: ReadonlySet<string>;
}

/** However many wait for it, the registry is asked no more often. */
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
}): (name: ImageName, asked: readonly string[], record: ImageRecord | undefined) => Promise<Attached> {
  const { reader, clock, log } = deps;
  const kept = new Map<string, Promise<Found>>();

  async function ask(name: ImageName, before: Found | undefined, record: ImageRecord | undefined): Promise<Found> {
    const registry = deps.registryOf(name);
    const askedAt = clock.now();
    const referrers = new Map(before?.referrers);
    const unanswered = {
      askedAt,
      isKnown: false,
      referrers,
      listed: before?.listed ?? new Set(),
      noted: noted(before, record),
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
      askedAt,
      isKnown: true,
      referrers,
      listed: new Set(listed.map(({ digest }) => digest)),
      noted: await noteNew(name, listed, record, unanswered.noted),
    };
  }

  function noted(before: Found | undefined, record: ImageRecord | undefined): ReadonlySet<string> {
    return new Set([...(before?.noted ?? []), ...(record?.attachments ?? []).map(({ digest }) => digest)]);
  }

  /** In the image's record, so that it is waited for after a restart, and on every instance. Never fails. */
  async function noteNew(
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

  async function find(name: ImageName, record: ImageRecord | undefined): Promise<Found> {
    const key = imageKey(name);
    const before = await kept.get(key);
    if (before !== undefined && clock.now() < before.askedAt + freshMs) return before;
    const asking = ask(name, before, record);
    putNewest(kept, key, asking, maxKept);
    return asking;
  }

  async function bySubject(
    name: ImageName,
    asked: readonly string[],
    { referrers, listed }: Found,
    image: ImageRecord | undefined,
  ): Promise<AttachedArtifact[]> {
    const set = deps.set(deps.registryOf(name));
    const known = new Map([...(image?.attachments ?? []).map((one) => [one.digest, one] as const), ...referrers]);
    const wanted = [...known.values()].filter((one) => asked.some((text) => isAskedFor(text, one)));
    const artifacts = wanted.map(async ({ digest, artifactType, kind }) => {
      const record = await deps.readImage({ ...name, digest });
      // Nobody has it any more: it was deleted where it was, and nobody lists it.
      if (record !== undefined && isGone(record, set) && !listed.has(digest)) return [];
      const regions = arrivalRegions(record).filter((region) => isAvailableIn(record, region, set));
      return [{ digest, artifactType, kinds: kind === undefined ? [] : [kind], regions }];
    });
    return (await Promise.all(artifacts)).flat();
  }

  async function byTag(name: ImageName, asked: string): Promise<AttachedArtifact[]> {
    const tag = cosignTag(name.digest, asked);
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
    return [{ digest, artifactType: null, kinds: [asked], regions }];
  }

  return async (name, asked, record) => {
    const found = await find(name, record);
    const artifacts = await Promise.all([
      bySubject(name, asked, found, record),
      ...asked.map((one) => byTag(name, one)),
    ]);
    return { isKnown: found.isKnown, artifacts: artifacts.flat() };
  };
}
