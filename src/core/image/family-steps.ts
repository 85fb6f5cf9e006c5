/**
 * How the record of an index learns of its members, and that of a member of its indexes. Every step may be taken more than once
 * and in any order; see docs/families.md for why nothing is lost between the records.
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

export type FamilyStep =
  /** An index lists this one. */
  | { readonly kind: 'joined'; readonly index: Digest }
  /** Its manifest has been read, and states these bytes. */
  | { readonly kind: 'sized'; readonly bytes: number }
  /** It names a subject, which it is attached to. */
  | { readonly kind: 'attached'; readonly subject: Digest }
  /** These name it as their subject. */
  | { readonly kind: 'attachmentsFound'; readonly attachments: readonly Attachment[] }
  /** The index has been read. `said`, `bytes`: what the records of its members knew once each knew of the index. */
  | {
      readonly kind: 'membersRead';
      readonly members: readonly Member[];
      readonly said: Family['said'];
      readonly bytes?: Family['bytes'];
    }
  /** A member has reported. `bytes`: its own, where they are known. */
  | {
      readonly kind: 'memberSaid';
      readonly member: Digest;
      readonly arrivals: RegionalArrivals;
      readonly bytes?: number | undefined;
    }
  /**
   * A try to read the index has ended without members. `heldUntil`: the `nextReadAt` that was read for. `isFinal`: it will
   * never be understood, and no index in it is known to be missing.
   */
  | {
      readonly kind: 'membersUnread';
      readonly reason: string;
      readonly isFinal: boolean;
      /** Indexes in it that were not found. */
      readonly missing: readonly Digest[];
      /** What the records of those that are known to be listed knew once each knew of the index. */
      readonly said: Family['said'];
      readonly heldUntil: number | null;
    };

/** Within that time whoever recorded the index first has read it, or has died. */
export const readWithinMs = 10_000;
/** Untagged manifests are pushed before the index that lists them: so long nothing is published about one by itself. */
const claimWithinMs = 10_000;
/** The same for an index. The outer index follows at once: there are no layers to be pushed in between. */
const indexClaimWithinMs = 3_000;
/** Between tries that did not tell, then no more of them. */
const lastReadPauseMs = 7_200_000;
const readPausesMs = [60_000, 600_000, lastReadPauseMs];

/** A record that has just learned a fact: an index is to be read before it counts, unless it has been published already. */
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
  // Known of for long and not read so far: with each report there is one more replica that can tell.
  if (family !== undefined) return isHeld ? { ...record, family: readAnew(record, family, now) } : record;
  const nextReadAt = now + (isHeld ? readWithinMs : (readPausesMs[0] ?? 0));
  return { ...record, family: { members: null, said: {}, isHeld, tries: 0, nextReadAt, reason: null } };
}

/** Whether somebody is to read it just now, or is doing so: not one that waits to be read again. */
export function isBeingRead({ family }: ImageRecord, now: number): boolean {
  return family?.isHeld === true && family.nextReadAt !== null && family.nextReadAt <= now + readWithinMs;
}

/** Held and read at once. That takes the place of the try before: only those that no report has caused are counted. */
function readAnew(record: ImageRecord, family: Family, now: number): Family {
  const tries = isBeingRead(record, now) ? family.tries : Math.max(0, family.tries - 1);
  return { ...family, isHeld: true, tries, nextReadAt: now + readWithinMs };
}

/** Once the settings say that nobody is to read it, nothing waits for that. */
export function releaseUnread(record: ImageRecord, { reading }: DecisionContext): ImageRecord {
  const { family } = record;
  return family?.isHeld && reading === undefined ? { ...record, family: { ...family, isHeld: false } } : record;
}

/** @returns the same object when nothing changed */
export function takeFamilyStep(record: ImageRecord, step: FamilyStep, context: DecisionContext): ImageRecord {
  if (step.kind === 'joined') return joined(record, step.index);
  if (step.kind === 'sized') return record.bytes === undefined ? { ...record, bytes: step.bytes } : record;
  if (step.kind === 'attached') return record.subject === undefined ? { ...record, subject: step.subject } : record;
  if (step.kind === 'attachmentsFound') {
    const attachments = withAttachments(record.attachments, step.attachments);
    return attachments === undefined || attachments === record.attachments ? record : { ...record, attachments };
  }
  const family = record.family ?? emptyFamily;
  if (step.kind === 'memberSaid') {
    const said = mergeSaid(family.said, { [step.member]: step.arrivals });
    // Bytes alone are not worth a write: they go with the next report.
    if (said === family.said) return record;
    const reported = { ...withBytes(family, step.member, step.bytes), said };
    // It may be what was not found, or be where that is: also of a try that has not ended yet.
    const isUnread = family.isIncomplete === true || isBeingRead(record, context.now);
    const isToRead = family.members === null && isUnread;
    const next = isToRead ? readAnew(record, reported, context.now) : reported;
    return changed({ ...record, family: next }, context);
  }
  // Somebody else has read it meanwhile.
  if (family.members !== null) return record;
  if (step.kind === 'membersUnread') {
    const next = unread(record, family, step, context);
    return next === family ? record : { ...record, family: next };
  }
  const { members } = step;
  const said = mergeSaid(family.said, step.said);
  const listed = new Set<string>(members.map(({ digest }) => digest));
  const kept = Object.fromEntries(Object.entries(said).filter(([digest]) => listed.has(digest)));
  const { isIncomplete: _, missing: _missing, ...rest } = family;
  const bytes = step.bytes === undefined ? {} : { bytes: step.bytes };
  const read = { ...rest, members, ...bytes, said: kept, isHeld: false, nextReadAt: null, reason: null };
  return changed({ ...record, family: read }, context);
}

function unread(
  record: ImageRecord,
  before: Family,
  step: FamilyStep & { kind: 'membersUnread' },
  { now }: DecisionContext,
): Family {
  const { reason } = step;
  const said = mergeSaid(before.said, step.said);
  const family = said === before.said ? before : { ...before, said };
  // Put on hold anew, by a report that came too late for this try.
  if (family.nextReadAt !== step.heldUntil) return family;
  const { isIncomplete, missing: missedBefore = [], ...rest } = family;
  const tries = family.tries + 1;
  const pauseMs = readPausesMs[family.tries];
  if (step.isFinal) return { ...rest, isHeld: false, tries, nextReadAt: null, reason };
  // What is known to be missing is not there: no try that fails can make it so.
  if (step.missing.length > 0 || isIncomplete === true) {
    const missing = step.missing.length > 0 ? step.missing : missedBefore;
    const held = { ...rest, isHeld: true, isIncomplete: true, missing, reason } as const;
    // Reported between the answer that it is missing, and the write that made it a member.
    const isNews = (digest: Digest) => said[digest] !== before.said[digest];
    if (step.missing.some(isNews)) return { ...held, nextReadAt: now + readWithinMs };
    const isThere = Object.values(record.arrivals).some(isAvailable);
    return { ...held, tries, nextReadAt: isThere ? now + (pauseMs ?? lastReadPauseMs) : null };
  }
  return { ...rest, isHeld: false, tries, nextReadAt: pauseMs === undefined ? null : now + pauseMs, reason };
}

const emptyFamily: Family = { members: null, said: {}, isHeld: false, tries: 0, nextReadAt: null, reason: null };

function withBytes(family: Family, member: Digest, bytes: number | undefined): Family {
  const at = family.members?.findIndex(({ digest }) => digest === member) ?? -1;
  if (bytes === undefined || at < 0) return family;
  return { ...family, bytes: (family.members ?? []).map((_, i) => (i === at ? bytes : (family.bytes?.[i] ?? null))) };
}

function changed(record: ImageRecord, { now }: DecisionContext): ImageRecord {
  return { ...record, changedAt: Math.max(record.changedAt, now) };
}

function joined(record: ImageRecord, index: Digest): ImageRecord {
  const { memberOf = [] } = record;
  return memberOf.includes(index) ? record : { ...record, memberOf: [...memberOf, index] };
}

function mergeSaid(before: Family['said'], news: Family['said']): Family['said'] {
  let said = before;
  for (const [digest, arrivals] of Object.entries(news)) {
    let known = Object.hasOwn(said, digest) ? (said[digest] ?? {}) : {};
    for (const [region, arrival] of Object.entries(arrivals)) {
      const old = Object.hasOwn(known, region) ? known[region] : undefined;
      const joint = joinArrivals(old, arrival);
      if (joint !== old) known = { ...known, [region]: joint };
    }
    if (known !== said[digest]) said = { ...said, [digest]: known };
  }
  return said;
}

/** What a write has changed of what the indexes that list this one have to know. */
export function newsForParents(before: ImageRecord | undefined, after: ImageRecord): RegionalArrivals {
  const news = arrivalRegions(after).flatMap((region): [string, Arrival][] => {
    const [old, arrival] = [arrivalIn(before, region), arrivalIn(after, region)];
    if (arrival === undefined || arrival === old) return [];
    const told = withoutTags(arrival);
    return old !== undefined && JSON.stringify(withoutTags(old)) === JSON.stringify(told) ? [] : [[region, told]];
  });
  return Object.fromEntries(news);
}

/** When an untagged manifest that an index may still claim may be published; `null`: now. */
export function claimableUntil(
  record: ImageRecord,
  { reading, now }: Pick<DecisionContext, 'reading' | 'now'>,
): number | null {
  const { mediaType, arrivals, firstSeenAt } = record;
  // Of an index that cannot be read just now the members are known later: a pause is no reason to tell of them by themselves.
  const mayBeClaimed = reading === 'readable' || reading === 'interrupted';
  if (!mayBeClaimed || isPartOfFamily(record) || mediaType === null) return null;
  const isTagged = Object.values(arrivals).some(({ tags }) => Object.keys(tags).length > 0);
  const until = firstSeenAt + (isIndexType(mediaType) ? indexClaimWithinMs : claimWithinMs);
  return isTagged || now >= until ? null : until;
}
