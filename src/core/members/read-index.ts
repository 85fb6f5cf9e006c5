/** Reads what an index and its nested indexes list, from a replica that has reported them, or from the login server. */

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
import type { ListedManifest, NamedSubject } from './manifest-document.ts';
import { listManifests, memberKey, subjectOf } from './manifest-document.ts';
import type { ManifestAnswer, ManifestReader } from './ports.ts';

export type IndexRead =
  | {
      readonly kind: 'members';
      readonly members: readonly Member[];
      /** The members that are indexes: they have no layers of their own. */
      readonly indexes: ReadonlySet<Digest>;
      /** The index's own subject. */
      readonly attached: NamedSubject | undefined;
    }
  /** Nested indexes were not found. `members`: those found so far. */
  | {
      readonly kind: 'incomplete';
      readonly members: readonly Member[];
      readonly missing: readonly Digest[];
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
    }
  /** The index itself was not found. */
  | { readonly kind: 'absent'; readonly reason: string }
  /** `unreadable`: it, or a nested index, will never be understood. No nested index is known to be missing. */
  | { readonly kind: 'unclear' | 'unreadable'; readonly reason: string; readonly retryAfterMs?: number | undefined };

/** The index, two levels of nested indexes, and one level to spare. */
const maxLevels = 4;

const absentInside = 'an index in it was not found';

/**
 * A nested index that is missing decides the result, whatever else fails. So all nested indexes are read, even after one was not
 * understood, unless the registry stops answering.
 */
export async function readIndex(reader: ManifestReader, registry: Registry, image: ImageRecord): Promise<IndexRead> {
  const { repository, digest } = image.name;
  const members = new Map<string, Member>();
  const indexes = new Set<Digest>();
  const missing: Digest[] = [];
  let unreadable: string | undefined;
  let attached: NamedSubject | undefined;
  const found = new Set<Digest>();
  const ended = (kind: 'unclear' | 'unreadable', reason: string, retryAfterMs?: number): IndexRead => {
    // One that was missing before and was not asked for now still counts as missing.
    const unseen = (image.family?.missing ?? []).filter((one) => !found.has(one) && !missing.includes(one));
    const all = kind === 'unreadable' ? [...missing, ...unseen] : missing;
    return all.length > 0
      ? { kind: 'incomplete', members: [...members.values()], missing: all, reason: absentInside, retryAfterMs }
      : { kind, reason, retryAfterMs };
  };
  let level: readonly Pick<ListedManifest, 'digest' | 'mediaType'>[] = [{ digest, mediaType: image.mediaType ?? '' }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === maxLevels) return ended('unreadable', 'an index nested too deeply');
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
        unreadable ??= listed.reason;
        continue;
      }
      for (const one of listed) {
        if (one.digest === digest || members.has(memberKey(one))) continue;
        if (members.size === maxMembers) {
          unreadable ??= `more than ${maxMembers} members`;
          break;
        }
        const { mediaType, ...member } = one;
        members.set(memberKey(one), member);
        if (!isIndexType(mediaType) || indexes.has(one.digest)) continue;
        indexes.add(one.digest);
        below.push(one);
      }
    }
    // If the index itself is not understood, its nested indexes do not matter.
    if (depth === 0 && unreadable !== undefined) break;
    level = below;
  }
  if (unreadable !== undefined || missing.length > 0) return ended('unreadable', unreadable ?? absentInside);
  return { kind: 'members', members: [...members.values()], indexes, attached };
}

/**
 * Regions to read it from: those that have reported it, or the outer index, and have an endpoint of their own. Then the login
 * server, which routes to any replica.
 */
function sourcesOf(registry: Registry, image: ImageRecord, index: Digest): (Region | undefined)[] {
  const reported = Object.keys(image.family?.reported[index] ?? {}).filter((region) =>
    isAvailable(memberArrival(image.family, index, region)),
  ) as Region[];
  const listing = arrivalRegions(image).filter((region) => isAvailable(arrivalIn(image, region)));
  const regions = new Set([...reported, ...listing]);
  return [...[...regions].filter((region) => regionalOrigin(registry, region) !== undefined), undefined];
}

/** The first answer with the manifest. Without one, an unclear answer is preferred to an absent one. */
async function ask(
  sources: readonly (Region | undefined)[],
  read: (region: Region | undefined) => Promise<ManifestAnswer>,
): Promise<ManifestAnswer> {
  let answer: ManifestAnswer = { kind: 'absent' };
  for (const source of sources) {
    const next = await read(source);
    if (next.kind === 'manifest') return next;
    if (answer.kind === 'absent') answer = next;
  }
  return answer;
}
