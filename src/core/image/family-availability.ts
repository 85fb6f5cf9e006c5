/** The availability document's part about an index's members and the attached artifacts. */
import { isIndexType } from '../model/media-types.ts';
import type { Region } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import type { Requirement } from '../model/requirement.ts';
import type { Attached } from './attached.ts';
import { artifactsOf, hasArtifactsIn } from './attached.ts';
import type { Member } from './family.ts';
import type { ImageRecord } from './record.ts';
import { missingMembers } from './state.ts';

export interface MemberAvailability extends Member {
  /** Regions asked about that do not have it. */
  readonly missing: readonly Region[];
}

export interface ArtifactAvailability {
  /** As in the request. */
  readonly kind: string;
  /** Whether the list of attached artifacts could be read. */
  readonly known: boolean;
  /** Regions asked about that lack one of them, or have none. */
  readonly missing: readonly Region[];
}

export function describeArtifacts(
  attached: Attached | undefined,
  asked: readonly string[],
  { regions }: Requirement,
): ArtifactAvailability[] {
  return asked.map((kind) => ({
    kind,
    known: attached?.isKnown === true || artifactsOf(attached, kind).length > 0,
    missing: regions.filter((region) => !hasArtifactsIn(attached, [kind], region)),
  }));
}

export function describeMembers(
  record: ImageRecord | undefined,
  { regions }: Requirement,
  set: ReplicaSet,
  attached: Attached | undefined,
) {
  const isPlain = record?.mediaType != null && !isIndexType(record.mediaType);
  const known = record?.family?.members ?? (isPlain ? [] : null);
  const lacking = regions.map((region) => ({ region, of: record && missingMembers(record, region, set) }));
  const members = known?.map((member) => {
    const missing = lacking.filter(({ of }) => of?.some(({ digest }) => digest === member.digest));
    return { ...member, missing: missing.map(({ region }) => region) };
  });
  const attachments = (attached?.artifacts ?? []).map(
    ({ digest, artifactType, regions: there }): MemberAvailability => ({
      digest,
      kind: 'artifact',
      platform: null,
      artifactType,
      missing: regions.filter((region) => !there.includes(region)),
    }),
  );
  const all = members === undefined ? null : [...members, ...attachments];
  return { members: all, membersKnown: members !== undefined, bytes: totalBytes(record), ...parentsOf(record) };
}

/** Its own bytes, or of an index the sum over all members; `null` while one is not known. */
function totalBytes(record: ImageRecord | undefined): number | null {
  if (record === undefined || !isIndexType(record.mediaType)) return record?.bytes ?? null;
  const { members, bytes = [] } = record.family ?? {};
  if (members == null) return null;
  return members.reduce((sum: number | null, _, i) => addBytes(sum, bytes[i]), 0);
}

function addBytes(sum: number | null, bytes: number | null | undefined): number | null {
  const total = sum === null || bytes == null ? Number.NaN : sum + bytes;
  return Number.isSafeInteger(total) ? total : null;
}

/** The indexes that list it, and the manifest that it is attached to. */
function parentsOf(record: ImageRecord | undefined) {
  const { memberOf = [], subject } = record ?? {};
  return { ...(memberOf.length === 0 ? {} : { memberOf }), ...(subject === undefined ? {} : { subject }) };
}
