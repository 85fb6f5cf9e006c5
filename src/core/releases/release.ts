/**
 * A release: images that are deployed together, under a name that others wait for. The content of a revision never changes;
 * other content makes the next revision, which starts again. An announcement about a revision is stored in its record first, and
 * published afterwards. Pure.
 */
import type { Region } from '../model/region.ts';
import type { Requirement } from '../model/requirement.ts';

/** The content of a request, normalized, so that equal requests have equal content. */
export interface ReleaseContent {
  /** References by the registry's global login server, 1 to 100, in the order asked, each once. */
  readonly images: readonly string[];
  /** Alphabetical; `null`: every expected region of the image's registry, also when the set changes. */
  readonly regions: readonly Region[] | null;
  readonly require: Requirement['require'];
  /** Artifacts that must be attached to each image, as in `AvailabilityQuery`; absent where none is required. */
  readonly artifacts?: readonly string[];
  /** Only these platforms of an index are required, as in `AvailabilityQuery`; absent where all are. */
  readonly platforms?: readonly string[];
}

/** Times are milliseconds since 1970. */
export interface Release extends ReleaseContent {
  readonly name: string;
  /** From 1. */
  readonly revision: number;
  readonly createdAt: number;
  /** When this revision was created. */
  readonly revisedAt: number;
  /** When all images first satisfied the requirement. Never changes, also if an image is deleted later. */
  readonly availableAt: number | null;
  /** From the first region to the last, over all images; `null` until the release is available. */
  readonly durationSeconds: number | null;
  /** When the topic accepted the event that it is available. */
  readonly announcedAt: number | null;
  readonly delayedAt: number | null;
  /** When the topic accepted the event that it is delayed. */
  readonly delayAnnouncedAt: number | null;
}

/** What is published about a revision. */
export type ReleaseAnnouncement = 'available' | 'delayed';

const nameForm = /^[a-z0-9][a-z0-9._-]{0,127}$/;
export const releaseNameRule =
  'must have 1 to 128 characters: lower case letters, digits, ".", "_" and "-", and begin with a letter or a digit';

export function parseReleaseName(text: string): string | undefined {
  return nameForm.test(text) ? text : undefined;
}

/** @param before the revision that this one replaces */
export function makeRevision(
  name: string,
  content: ReleaseContent,
  before: Pick<Release, 'revision' | 'createdAt'> | undefined,
  now: number,
): Release {
  const { images, regions, require, artifacts, platforms } = content;
  return {
    name,
    images,
    regions,
    require,
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(platforms === undefined ? {} : { platforms }),
    revision: (before?.revision ?? 0) + 1,
    createdAt: before?.createdAt ?? now,
    revisedAt: now,
    availableAt: null,
    durationSeconds: null,
    announcedAt: null,
    delayedAt: null,
    delayAnnouncedAt: null,
  };
}

/** Compares contents without regard to the order of images. */
export function isSameContent(a: ReleaseContent, b: ReleaseContent): boolean {
  const written = ({ images, regions, require, artifacts = [], platforms = [] }: ReleaseContent) =>
    JSON.stringify([[...images].sort(), regions, require, [...artifacts].sort(), [...platforms].sort()]);
  return written(a) === written(b);
}

/** Compares `createdAt` too: a release that was deleted and created again has the same name and may have the same revision. */
export function isSameRevision(
  a: Pick<Release, 'revision' | 'createdAt'>,
  b: Pick<Release, 'revision' | 'createdAt'>,
): boolean {
  return a.revision === b.revision && a.createdAt === b.createdAt;
}

/**
 * Notes that the release is available or delayed.
 * @param durationSeconds over all images, if all satisfy the requirement; else `undefined`
 * @returns the same object when nothing has changed
 */
export function advance(
  release: Release,
  durationSeconds: number | undefined,
  now: number,
  delayedAfterMs: number,
): Release {
  if (release.availableAt !== null) return release;
  if (durationSeconds !== undefined) return { ...release, availableAt: now, durationSeconds };
  const isLate = release.delayedAt === null && now >= release.revisedAt + delayedAfterMs;
  return isLate ? { ...release, delayedAt: now } : release;
}

/** The announcement to publish next. A delay is not published once the release is available. */
export function pendingAnnouncement(release: Release): ReleaseAnnouncement | undefined {
  if (release.availableAt !== null) return release.announcedAt === null ? 'available' : undefined;
  return release.delayedAt !== null && release.delayAnnouncedAt === null ? 'delayed' : undefined;
}

export function becameTrueAt(release: Release, announcement: ReleaseAnnouncement): number {
  return (announcement === 'available' ? release.availableAt : release.delayedAt) ?? release.revisedAt;
}

export function noteAnnouncementAccepted(release: Release, announcement: ReleaseAnnouncement, at: number): Release {
  return announcement === 'available' ? { ...release, announcedAt: at } : { ...release, delayAnnouncedAt: at };
}

/** The announcements of this revision, and when the topic accepted the event of each; `null` while it has not. */
export function announcementsOf(
  release: Release,
): readonly { readonly announcement: ReleaseAnnouncement; readonly acceptedAt: number | null }[] {
  const pending = pendingAnnouncement(release);
  const { announcedAt, delayAnnouncedAt } = release;
  const all = [
    { announcement: 'delayed', acceptedAt: delayAnnouncedAt },
    { announcement: 'available', acceptedAt: announcedAt },
  ] as const;
  return all.filter(({ announcement, acceptedAt }) => acceptedAt !== null || announcement === pending);
}

/** Whether nothing more will be published about it. */
export function isFinished({ availableAt, announcedAt }: Release): boolean {
  return availableAt !== null && announcedAt !== null;
}

const minPauseMs = 15_000;
const maxPauseMs = 3_600_000;
const firstEvaluationMs = 30_000;

/**
 * When the release must be evaluated again. The instance that stores an image's last report evaluates it at once; this is for
 * when that instance dies, and for changes of the replica set. The pause is a quarter of the age, so that a release that is
 * never completed costs less and less. Times are rounded up, so that two instances add the same row.
 */
export function nextEvaluationAt(release: Release, now: number, delayedAfterMs: number): number {
  const { revisedAt, availableAt, delayedAt } = release;
  const pending = pendingAnnouncement(release);
  const since = pending === undefined ? revisedAt : becameTrueAt(release, pending);
  const pauseMs = Math.min(maxPauseMs, Math.max(minPauseMs, (now - since) / 4));
  const at = now === revisedAt ? now + firstEvaluationMs : rounded(now + pauseMs, revisedAt);
  const delayedFrom = revisedAt + delayedAfterMs;
  return availableAt === null && delayedAt === null && delayedFrom > now ? Math.min(at, delayedFrom) : at;
}

function rounded(at: number, from: number): number {
  return from + Math.ceil((at - from) / minPauseMs) * minPauseMs;
}
