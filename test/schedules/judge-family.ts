/**
 * Events about an index are about the whole family, each once; and no event is about a member once it is known to be
 * listed.
 */
import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { ForwardOrder } from '../../src/core/image/forward-entry.ts';
import type { Case, Rule } from './case.ts';
import { clockText } from './case.ts';
import { mayBeDeleted, partsOf } from './family-claims.ts';
import type { Report } from './history.ts';

/** From the documentation: an untagged manifest is published after this time; less what reading its index takes. */
const claimedWithinMs = 8_000;

/** Where clocks differ by more, it may have been seen long ago by one of them. */
const maxSpreadMs = 2_000;

/** Events about tags say what the tag points at: an index, a member or another image. */
const aboutTags: readonly string[] = [announcementTypes.tagConverged, announcementTypes.tagSuperseded];

export function familyJudge(on: Case): (event: CloudEvent) => void {
  const ids = new Map<string, Set<string>>();

  function judgeCount({ type, id, data }: CloudEvent, image: number): void {
    const key = `${type} ${image}`;
    const idsOfKey = (ids.get(key) ?? new Set()).add(id);
    ids.set(key, idsOfKey);
    // Deleting one of its members everywhere also ends a generation.
    const family = partsOf(on, image, true);
    const deleted = new Set(
      on.history.reports.flatMap(({ image: of, fact }) =>
        family.includes(of) && fact.kind === 'delete' ? [fact.eventTime] : [],
      ),
    );
    // Complete for a larger set, it is published again.
    const sets = new Set([...on.setsUsed.values()].flatMap((used) => [...used].filter(Boolean)));
    if (idsOfKey.size > Math.max(1, sets.size) + deleted.size)
      on.violate(
        'a family is published once',
        `${type} of image ${image}, generation ${data.generation}, is number ${idsOfKey.size}, after ${deleted.size} deletes`,
      );
  }

  return (event) => {
    const { type, data } = event;
    const image = on.imageOf(data.digest);
    if (image === undefined) return;
    if (on.family.attachment(image) !== undefined) judgeArtifact(on, image, event);
    if (on.plan.world.family === undefined) return;
    const isIndex = on.family.members(image).length > 0;
    if (isIndex && data.membersKnown) on.readings.listed(image, on.scheduler.now());
    if (isIndex && (type === announcementTypes.availableInAllReplicas || type === announcementTypes.delayed))
      judgeCount(event, image);
    if (aboutTags.includes(type)) return;
    if (isIndex) on.counters.count('families', type.replace('AcrReplication.', ''));
    if (on.family.indexes(image).length > 0) on.counters.count('families', 'a member published by itself');
    const madeAt = Date.parse(event.time);
    judgeMember(
      on,
      image,
      `${type.replace('AcrReplication.', '')} made at ${clockText(madeAt)}`,
      madeAt - on.clockSpreadMs,
    );
  };
}

/**
 * When the tracker decided to send it is not known: only what had not been reported cannot have been decided before.
 */
export function judgeForwardOrder(on: Case, { name }: ForwardOrder): void {
  const image = on.imageOf(name.digest);
  if (image === undefined) return;
  const firstAt = Math.min(
    ...on.history.reports.flatMap((report) => (report.image === image ? [report.reportedAt] : [])),
  );
  if (isKnownArtifact(on, image, firstAt)) on.violate(ruleAbout(on, image), `image ${image} is forwarded`);
  judgeMember(on, image, 'forwarded', firstAt);
}

/** The rule that an event or a list about this part of something larger breaks. */
export function ruleAbout(on: Case, image: number): Rule {
  return on.family.attachment(image) === undefined
    ? 'a member is published with its family'
    : 'an artifact is published with its subject';
}

function judgeArtifact(on: Case, image: number, { type, time }: CloudEvent): void {
  const madeAt = Date.parse(time);
  on.counters.count('artifacts', 'published by itself');
  if (isKnownArtifact(on, image, madeAt - on.clockSpreadMs))
    on.violate(ruleAbout(on, image), `${type} of image ${image}, made at ${clockText(madeAt)}`);
}

/** Its tag shows it, an answer named its subject, or no instance failed to read it and to store what it read. */
function isKnownArtifact(on: Case, image: number, decidedAt: number): boolean {
  const attachment = on.family.attachment(image);
  if (attachment === undefined || mayBeDeleted(on, attachment.subject)) return false;
  const isNamed = (on.attachments.namedSince(image) ?? decidedAt) < decidedAt;
  const isRead =
    !on.readings.isUnreadable(attachment.digest, on.scheduler.now()) &&
    on.readings.isWritten(attachment.digest) &&
    isStoredInTime(on, image) &&
    on.leaps.length === 0 &&
    on.clockSpreadMs < maxSpreadMs &&
    on.instances.every(({ isKilled }) => !isKilled);
  return isTagged(on, image, decidedAt) || isNamed || isRead;
}

/** A push reported it; a delete names no tag. */
export function isTagged(on: Case, image: number, decidedAt: number): boolean {
  const tag = on.family.attachment(image)?.tag;
  const isKnown = ({ knownAt }: Report) => knownAt !== undefined && knownAt < decidedAt;
  return (
    tag !== undefined &&
    on.history.reports.some((report) => report.image === image && report.fact.tag === tag && isKnown(report))
  );
}

/** Of what has waited in a queue since, or was deleted before, it may be published before it is read. */
function isStoredInTime(on: Case, image: number): boolean {
  const ofImage = on.history.reports.filter((report) => report.image === image);
  const knownAt = Math.min(...ofImage.map((report) => report.knownAt ?? Number.POSITIVE_INFINITY));
  const isInTime = knownAt < Math.min(...ofImage.map(({ reportedAt }) => reportedAt)) + claimedWithinMs;
  return isInTime && ofImage[0]?.fact.kind === 'push';
}

/** @param decidedAt at the soonest, by the world's clock */
function judgeMember(on: Case, image: number, what: string, decidedAt: number): void {
  for (const index of on.family.indexes(image)) {
    if (mayBeDeleted(on, index)) continue;
    const since = on.readings.listedSince(index);
    if (since !== undefined && decidedAt > since)
      on.violate(
        'a member is published with its family',
        `image ${image} is ${what}, and image ${index} has listed it since ${clockText(since)}`,
      );
    else if (isClaimedInTime(on, image, index))
      on.violate('a member is published with its family', `image ${image} is ${what}, and image ${index} came in time`);
  }
}

/** In a world without faults: no tag had it published before its index was there. */
function isClaimedInTime(on: Case, image: number, index: number): boolean {
  if (!on.isCalm || on.clockSpreadMs > 0 || on.readings.lastFailedAt !== undefined) return false;
  const ofImage = on.history.reports.filter((report) => report.image === image);
  const knownAt = on.history.reports.flatMap((report) =>
    report.image === index ? [report.knownAt ?? Number.POSITIVE_INFINITY] : [],
  );
  const firstAt = Math.min(...ofImage.map(({ reportedAt }) => reportedAt));
  return ofImage.every(({ fact }) => fact.tag === undefined) && Math.min(...knownAt) < firstAt + claimedWithinMs;
}
