/**
 * Commands that connect the record of an index with those of its members, and an artifact with its subject. Each may be applied
 * more than once and in any order; docs/architecture.md explains why no report is lost between the records.
 */

import type { Digest } from '../model/digest.ts';
import { isIndexType } from '../model/media-types.ts';
import type { Arrival } from './arrival.ts';
import { isAvailable } from './arrival.ts';
import type { Attachment } from './attached.ts';
import { withAttachments } from './attached.ts';
import type { DecisionContext } from './context.ts';
import type { Family, Member, RegionalArrivals } from './family.ts';
import { joinArrivals, withoutTags } from './family.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions, isPartOfFamily } from './record.ts';

export type FamilyCommand =
  /** An index lists this manifest. */
  | { readonly kind: 'listedByIndex'; readonly index: Digest }
  /** The manifest was read. `bytes`: of its config and layers. */
  | { readonly kind: 'bytesRead'; readonly bytes: number }
  /** The manifest was read, and names this subject. */
  | { readonly kind: 'subjectRead'; readonly subject: Digest }
  /** These manifests name this one as their subject. */
  | { readonly kind: 'attachmentsFound'; readonly attachments: readonly Attachment[] }
  /** The index was read. `reported`, `bytes`: from the members' records, read after each had stored that the index lists it. */
  | {
      readonly kind: 'membersRead';
      readonly members: readonly Member[];
      readonly reported: Family['reported'];
      readonly bytes?: Family['bytes'];
    }
  /** A member's arrivals have changed. `bytes`: the member's, if known. */
  | {
      readonly kind: 'memberReported';
      readonly member: Digest;
      readonly arrivals: RegionalArrivals;
      readonly bytes?: number | undefined;
    }
  /**
   * An attempt to read the index ended without all members. `heldUntil`: `nextReadAt` of the record that it was made with.
   * `isUnreadable`: the index cannot be understood, and no nested index is known to be missing.
   */
  | {
      readonly kind: 'membersUnread';
      readonly reason: string;
      readonly isUnreadable: boolean;
      /** Nested indexes that were not found. */
      readonly missing: readonly Digest[];
      /** As in `membersRead`, for the members found so far. */
      readonly reported: Family['reported'];
      readonly heldUntil: number | null;
    };

/** The instance that recorded the index first reads it within this time, or has died. */
export const readWithinMs = 10_000;
/** Untagged manifests are pushed before the index that lists them. For this long no event is published about one by itself. */
const claimWithinMs = 10_000;
/** The same for an untagged index. An outer index follows at once: no layers are pushed in between. */
const indexClaimWithinMs = 3_000;
/** Pauses after failed attempts. After the last one only an incomplete index is read again, at the longest pause. */
const lastReadPauseMs = 7_200_000;
const readPausesMs = [60_000, 600_000, lastReadPauseMs];

/** After a fact: holds an index until its members are read, unless it has been published already. */
export function awaitMembers(
  record: ImageRecord,
  before: ImageRecord | undefined,
  context: DecisionContext,
): ImageRecord {
  const { reading, now } = context;
  if (reading === undefined || !isIndexType(record.mediaType) || record.family?.members != null) return record;
  const isReported = arrivalRegions(record).some((region) => {
    const pushedAt = arrivalIn(record, region)?.pushedAt ?? null;
    return pushedAt !== null && pushedAt !== arrivalIn(before, region)?.pushedAt;
  });
  const { family } = record;
  const isHeld = isReported && (record.availableAt === null || family?.isIncomplete === true);
  // It could not be read before. Each region that reports it is one more replica to read it from.
  if (family !== undefined) return isHeld ? { ...record, family: readAgainNow(record, family, now) } : record;
  const nextReadAt = now + (isHeld ? readWithinMs : (readPausesMs[0] ?? 0));
  return { ...record, family: { members: null, reported: {}, isHeld, tries: 0, nextReadAt, reason: null } };
}

/** Whether it is held for an attempt that is under way or about to start; `false` while it waits for a later attempt. */
export function isBeingRead({ family }: ImageRecord, now: number): boolean {
  return family?.isHeld === true && family.nextReadAt !== null && family.nextReadAt <= now + readWithinMs;
}

/** Holds it, to be read at once. This attempt replaces the last one, so that attempts caused by reports are not counted. */
function readAgainNow(record: ImageRecord, family: Family, now: number): Family {
  const tries = isBeingRead(record, now) ? family.tries : Math.max(0, family.tries - 1);
  return { ...family, isHeld: true, tries, nextReadAt: now + readWithinMs };
}

/** Releases the index if the settings say that manifests are not read. */
export function endHoldWithoutReader(record: ImageRecord, { reading }: DecisionContext): ImageRecord {
  const { family } = record;
  return family?.isHeld && reading === undefined ? { ...record, family: { ...family, isHeld: false } } : record;
}

/** @returns the same object if nothing changed */
export function applyFamilyCommand(record: ImageRecord, command: FamilyCommand, context: DecisionContext): ImageRecord {
  if (command.kind === 'listedByIndex') return listedByIndex(record, command.index);
  if (command.kind === 'bytesRead') return record.bytes === undefined ? { ...record, bytes: command.bytes } : record;
  if (command.kind === 'subjectRead')
    return record.subject === undefined ? { ...record, subject: command.subject } : record;
  if (command.kind === 'attachmentsFound') {
    const attachments = withAttachments(record.attachments, command.attachments);
    return attachments === undefined || attachments === record.attachments ? record : { ...record, attachments };
  }
  const family = record.family ?? emptyFamily;
  if (command.kind === 'memberReported') {
    const reported = mergeReported(family.reported, { [command.member]: command.arrivals });
    // Bytes alone are not worth a write. They are stored with the next change.
    if (reported === family.reported) return record;
    const updated = { ...withBytes(family, command.member, command.bytes), reported };
    // This manifest may be the nested index that was not found, or its region may have it. An attempt under way may miss that.
    const isUnread = family.isIncomplete === true || isBeingRead(record, context.now);
    const isToRead = family.members === null && isUnread;
    const next = isToRead ? readAgainNow(record, updated, context.now) : updated;
    return changed({ ...record, family: next }, context);
  }
  // Another instance has read it meanwhile.
  if (family.members !== null) return record;
  if (command.kind === 'membersUnread') {
    const next = unread(record, family, command, context);
    return next === family ? record : { ...record, family: next };
  }
  const { members } = command;
  const reported = mergeReported(family.reported, command.reported);
  const listed = new Set<string>(members.map(({ digest }) => digest));
  const kept = Object.fromEntries(Object.entries(reported).filter(([digest]) => listed.has(digest)));
  const { isIncomplete: _, missing: _missing, ...rest } = family;
  const bytes = command.bytes === undefined ? {} : { bytes: command.bytes };
  const read = { ...rest, members, ...bytes, reported: kept, isHeld: false, nextReadAt: null, reason: null };
  return changed({ ...record, family: read }, context);
}

function unread(
  record: ImageRecord,
  before: Family,
  command: FamilyCommand & { kind: 'membersUnread' },
  { now }: DecisionContext,
): Family {
  const { reason } = command;
  const reported = mergeReported(before.reported, command.reported);
  const family = reported === before.reported ? before : { ...before, reported };
  // A report that came too late for this attempt has started another hold.
  if (family.nextReadAt !== command.heldUntil) return family;
  const { isIncomplete, missing: missedBefore = [], ...rest } = family;
  const tries = family.tries + 1;
  const pauseMs = readPausesMs[family.tries];
  if (command.isUnreadable) return { ...rest, isHeld: false, tries, nextReadAt: null, reason };
  // A nested index that is known to be missing stays missing until an attempt finds it.
  if (command.missing.length > 0 || isIncomplete === true) {
    const missing = command.missing.length > 0 ? command.missing : missedBefore;
    const held = { ...rest, isHeld: true, isIncomplete: true, missing, reason } as const;
    // It was reported after the registry answered that it is missing, and before it was stored as a member.
    const isReportedSince = (digest: Digest) => reported[digest] !== before.reported[digest];
    if (command.missing.some(isReportedSince)) return { ...held, nextReadAt: now + readWithinMs };
    const isThere = Object.values(record.arrivals).some(isAvailable);
    return { ...held, tries, nextReadAt: isThere ? now + (pauseMs ?? lastReadPauseMs) : null };
  }
  return { ...rest, isHeld: false, tries, nextReadAt: pauseMs === undefined ? null : now + pauseMs, reason };
}

const emptyFamily: Family = { members: null, reported: {}, isHeld: false, tries: 0, nextReadAt: null, reason: null };

function withBytes(family: Family, member: Digest, bytes: number | undefined): Family {
  const at = family.members?.findIndex(({ digest }) => digest === member) ?? -1;
  if (bytes === undefined || at < 0) return family;
  return { ...family, bytes: (family.members ?? []).map((_, i) => (i === at ? bytes : (family.bytes?.[i] ?? null))) };
}

function changed(record: ImageRecord, { now }: DecisionContext): ImageRecord {
  return { ...record, changedAt: Math.max(record.changedAt, now) };
}

function listedByIndex(record: ImageRecord, index: Digest): ImageRecord {
  const { memberOf = [] } = record;
  return memberOf.includes(index) ? record : { ...record, memberOf: [...memberOf, index] };
}

function mergeReported(before: Family['reported'], added: Family['reported']): Family['reported'] {
  let reported = before;
  for (const [digest, arrivals] of Object.entries(added)) {
    let known = Object.hasOwn(reported, digest) ? (reported[digest] ?? {}) : {};
    for (const [region, arrival] of Object.entries(arrivals)) {
      const old = Object.hasOwn(known, region) ? known[region] : undefined;
      const joint = joinArrivals(old, arrival);
      if (joint !== old) known = { ...known, [region]: joint };
    }
    if (known !== reported[digest]) reported = { ...reported, [digest]: known };
  }
  return reported;
}

/** The arrivals that a write has changed, as the indexes that list this manifest store them. */
export function changesForIndexes(before: ImageRecord | undefined, after: ImageRecord): RegionalArrivals {
  const changes = arrivalRegions(after).flatMap((region): [string, Arrival][] => {
    const [old, arrival] = [arrivalIn(before, region), arrivalIn(after, region)];
    if (arrival === undefined || arrival === old) return [];
    const stored = withoutTags(arrival);
    return old !== undefined && JSON.stringify(withoutTags(old)) === JSON.stringify(stored) ? [] : [[region, stored]];
  });
  return Object.fromEntries(changes);
}

/**
 * Until when no event is published about an untagged manifest, since an index may still claim it; `null` if one may be published
 * now.
 */
export function claimableUntil(
  record: ImageRecord,
  { reading, now }: Pick<DecisionContext, 'reading' | 'now'>,
): number | null {
  const { mediaType, arrivals, firstSeenAt } = record;
  // An index that cannot be read now is read later, so an interruption is no reason to publish its members by themselves.
  const mayBeClaimed = reading === 'readable' || reading === 'interrupted';
  if (!mayBeClaimed || isPartOfFamily(record) || mediaType === null) return null;
  const isTagged = Object.values(arrivals).some(({ tags }) => Object.keys(tags).length > 0);
  const until = firstSeenAt + (isIndexType(mediaType) ? indexClaimWithinMs : claimWithinMs);
  return isTagged || now >= until ? null : until;
}
