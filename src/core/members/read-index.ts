/**
 * Reads what an index lists, with what the indexes in it list, from whoever has it: a replica that reported it, or the login
 * server.
 */

import { isAvailable } from '../image/arrival.ts';
import type { Member } from '../image/family.ts';
import { maxMembers, memberArrival } from '../image/family.ts';
import type { ImageRecord } from '../image/record.ts';
import { arrivalIn, arrivalRegions } from '../image/record.ts';
import type { Digest } from '../model/digest.ts';
import { isIndexType } from '../model/media-types.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { regionalOrigin } from '../model/registry.ts';
import type { ListedManifest } from './manifest-document.ts';
import { listManifests, memberKey, subjectOf } from './manifest-document.ts';
import type { ManifestAnswer, ManifestReader } from './ports.ts';

export type IndexRead =
  | {
      readonly kind: 'members';
      readonly members: readonly Member[];
      /** Those of them that are indexes: they have no layers of their own. */
      readonly indexes: ReadonlySet<Digest>;
      /** What the index itself is attached to. */
      readonly attached: ReturnType<typeof subjectOf>;
    }
  /** Indexes in it are not where they were asked for; with all that are known to be listed. */
  | {
      readonly kind: 'incomplete';
      readonly members: readonly Member[];
      readonly missing: readonly Digest[];
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
    }
  /** Not where it was asked for. */
  | { readonly kind: 'absent'; readonly reason: string }
  /** `final`: it, or an index in it, will never be understood. No index in it is known to be missing. */
  | { readonly kind: 'unclear' | 'final'; readonly reason: string; readonly retryAfterMs?: number | undefined };

/** An index in an index in an index, and one to spare. */
const maxLevels = 4;

const absentInside = 'an index in it was not found';

/**
 * One that is known to be missing decides, whatever the others are: so all that are listed are asked for, except while the
 * registry does not answer.
 */
export async function readIndex(reader: ManifestReader, registry: Registry, image: ImageRecord): Promise<IndexRead> {
  const { repository, digest } = image.name;
  const members = new Map<string, Member>();
  const indexes = new Set<Digest>();
  const missing: Digest[] = [];
  let final: string | undefined;
  let attached: ReturnType<typeof subjectOf>;
  const found = new Set<Digest>();
  const ended = (kind: 'unclear' | 'final', reason: string, retryAfterMs?: number): IndexRead => {
    // One that was missing before, and that nobody could be asked for now, is missing still.
    const unseen = (image.family?.missing ?? []).filter((one) => !found.has(one) && !missing.includes(one));
    const all = kind === 'final' ? [...missing, ...unseen] : missing;
    return all.length > 0
      ? { kind: 'incomplete', members: [...members.values()], missing: all, reason: absentInside, retryAfterMs }
      : { kind, reason, retryAfterMs };
  };
  let level: readonly Pick<ListedManifest, 'digest' | 'mediaType'>[] = [{ digest, mediaType: image.mediaType ?? '' }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === maxLevels) return ended('final', 'an index nested too deeply');
    const below: ListedManifest[] = [];
    for (const index of level) {
      const answer = await ask(sourcesOf(registry, image, index.digest), (region) =>
        reader.read(registry, region, repository, index.digest, [index.mediaType]),
      );
      if (answer.kind === 'absent' && depth > 0) {
        missing.push(index.digest);
        continue;
      }
      found.add(index.digest);
      if (answer.kind === 'absent') return { kind: 'absent', reason: 'the index was not found where it was read' };
      if (answer.kind === 'unclear' && answer.scope !== 'image') {
        return ended('unclear', answer.reason, answer.retryAfterMs);
      }
      if (answer.kind === 'manifest' && depth === 0) attached = subjectOf(answer.body);
      const listed = answer.kind === 'manifest' ? listManifests(answer.body) : answer;
      if ('reason' in listed) {
        final ??= listed.reason;
        continue;
      }
      for (const one of listed) {
        if (one.digest === digest || members.has(memberKey(one))) continue;
        if (members.size === maxMembers) {
          final ??= `more than ${maxMembers} members`;
          break;
        }
        const { mediaType, ...member } = one;
        members.set(memberKey(one), member);
        if (!isIndexType(mediaType) || indexes.has(one.digest)) continue;
        indexes.add(one.digest);
        below.push(one);
      }
    }
    // Of what it lists itself, nothing may be counted on.
    if (depth === 0 && final !== undefined) break;
    level = below;
  }
  if (final !== undefined || missing.length > 0) return ended('final', final ?? absentInside);
  return { kind: 'members', members: [...members.values()], indexes, attached };
}

/**
 * Those that have reported it, or the index that it is listed by, at endpoints of their own, and then the login server, which
 * leads to any of them.
 */
function sourcesOf(registry: Registry, image: ImageRecord, index: Digest): (Region | undefined)[] {
  const reported = Object.keys(image.family?.reported[index] ?? {}).filter((region) =>
    isAvailable(memberArrival(image.family, index, region)),
  ) as Region[];
  const listing = arrivalRegions(image).filter((region) => isAvailable(arrivalIn(image, region)));
  const regions = new Set([...reported, ...listing]);
  return [...[...regions].filter((region) => regionalOrigin(registry, region) !== undefined), undefined];
}

/** The first that has it; else what could not be found out, before "not there". */
async function ask(
  sources: readonly (Region | undefined)[],
  read: (region: Region | undefined) => Promise<ManifestAnswer>,
): Promise<ManifestAnswer> {
  let answer: ManifestAnswer = { kind: 'absent' };
  for (const source of sources) {
    const told = await read(source);
    if (told.kind === 'manifest') return told;
    if (answer.kind === 'absent') answer = told;
  }
  return answer;
}
