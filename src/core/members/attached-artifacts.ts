/**
 * What is attached to an image, found when somebody asks: under cosign's tags, of which webhooks have told, and by `subject`, of
 * which only a registry's referrers tell. Whether a region has an artifact is what its own record says, as of every manifest.
 */
import type { Attached, AttachedArtifact } from '../image/attached.ts';
import type { ImageName, ImageRecord } from '../image/record.ts';
import { arrivalRegions, imageKey } from '../image/record.ts';
import { isAvailableIn } from '../image/state.ts';
import type { TagName } from '../image/tag-name.ts';
import { tagPointers } from '../image/tag-resolution.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { regionalOrigin } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import { artifactKind, cosignTag, isAskedFor } from './artifact-kind.ts';
import type { ManifestReader, Referrer } from './ports.ts';

interface Found {
  readonly askedAt: number;
  /** One of them answered. */
  readonly isKnown: boolean;
  /** All that any of them has ever told: one that was told is waited for, whoever answers next. */
  readonly referrers: ReadonlyMap<string, Referrer>;
}

/** However many wait for it, the registry is asked no more often. */
const freshMs = 3_000;
const maxKept = 1_000;

export function attachedArtifacts(parts: {
  readonly reader: ManifestReader | undefined;
  readonly clock: Clock;
  registry(name: ImageName): Registry;
  set(registry: Registry): ReplicaSet;
  readImage(name: ImageName): Promise<ImageRecord | undefined>;
  readTag(name: TagName): Promise<ImageRecord[]>;
}): (name: ImageName, asked: readonly string[]) => Promise<Attached> {
  const { reader, clock } = parts;
  const kept = new Map<string, Promise<Found>>();

  async function ask(name: ImageName, before: Found | undefined): Promise<Found> {
    const registry = parts.registry(name);
    const askedAt = clock.now();
    const referrers = new Map(before?.referrers);
    if (reader === undefined || registry.members === false) return { askedAt, isKnown: false, referrers };
    const own = expectedRegions(parts.set(registry)).filter((region) => regionalOrigin(registry, region) !== undefined);
    const sources: (Region | undefined)[] = [...own, undefined];
    const answers = await Promise.all(
      sources.map((region) => reader.referrers(registry, region, name.repository, name.digest)),
    );
    for (const one of answers.flatMap((answer) => answer ?? [])) referrers.set(one.digest, one);
    return { askedAt, isKnown: answers.some((answer) => answer !== undefined), referrers };
  }

  async function find(name: ImageName): Promise<Found> {
    const key = imageKey(name);
    const before = await kept.get(key);
    if (before !== undefined && clock.now() < before.askedAt + freshMs) return before;
    const asking = ask(name, before);
    kept.delete(key);
    kept.set(key, asking);
    const oldest = kept.size > maxKept ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    return asking;
  }

  async function bySubject(name: ImageName, asked: readonly string[], found: Found): Promise<AttachedArtifact[]> {
    const set = parts.set(parts.registry(name));
    const wanted = [...found.referrers.values()].map((one) => ({
      ...one,
      kind: artifactKind(one.artifactType, one.content),
    }));
    return Promise.all(
      wanted
        .filter((one) => asked.some((text) => isAskedFor(text, one)))
        .map(async ({ digest, artifactType, kind }) => {
          const record = await parts.readImage({ ...name, digest });
          const regions = arrivalRegions(record).filter((region) => isAvailableIn(record, region, set));
          return { digest, artifactType, kinds: kind === undefined ? [] : [kind], regions };
        }),
    );
  }

  async function byTag(name: ImageName, asked: string): Promise<AttachedArtifact[]> {
    const tag = cosignTag(name.digest, asked);
    if (tag === undefined) return [];
    const { registry, repository } = name;
    const records = await parts.readTag({ registry, repository, tag });
    const pointers = tagPointers(tag, records);
    const digest = pointers.newest?.digest;
    const record = records.find((one) => one.name.digest === digest);
    if (digest === undefined || record === undefined || pointers.regions.size === 0) return [];
    const set = parts.set(parts.registry(name));
    const regions = [...pointers.regions.keys()].filter(
      (region) => pointers.regions.get(region)?.digest === digest && isAvailableIn(record, region, set),
    );
    return [{ digest, artifactType: null, kinds: [asked], regions }];
  }

  return async (name, asked) => {
    const found = await find(name);
    const artifacts = await Promise.all([bySubject(name, asked, found), ...asked.map((one) => byTag(name, one))]);
    return { isKnown: found.isKnown, artifacts: artifacts.flat() };
  };
}
