/**
 * A release: images that are deployed together, under a name that others wait for. Its content never changes; another content
 * is the next revision, which begins anew. What has become true of a revision is noted in its record first and told afterwards.
 * Pure.
 */
import type { Region } from '../model/region.ts';
import type { Requirement } from '../model/requirement.ts';

/** What somebody asks for, in a form in which the same is written the same. */
export interface ReleaseContent {
  /** References by the registry's global login server, 1 to 100, in the order asked, each once. */
  readonly images: readonly string[];
  /** Alphabetical; `null`: every expected region of the image's registry, also when the set changes. */
  readonly regions: readonly Region[] | null;
  readonly require: Requirement['require'];
  /** What must be attached to each image, as in `AvailabilityQuery`; absent where nothing was asked for. */
  readonly artifacts?: readonly string[];
  /** Of an index only these platforms are waited for, as in `AvailabilityQuery`; absent where all are. */
  readonly platforms?: readonly string[];
}

/** Times are milliseconds since 1970. */
export interface Release extends ReleaseContent {
  readonly name: string;
  /** From 1. */
  readonly revision: number;
  readonly createdAt: number;
  /** When this revision was made. */
  readonly revisedAt: number;
  /** When every image was first seen where it must be; it stays, whatever becomes of the images. */
  readonly availableAt: number | null;
  /** Between the first region and the last, over all images; known once it is available. */
  readonly durationSeconds: number | null;
  /** When the topic took that it is available. */
  readonly announcedAt: number | null;
  readonly delayedAt: number | null;
  /** When the topic took that it is delayed. */
  readonly delayAnnouncedAt: number | null;
}

/** What is published about a revision. */
export type ReleaseFact = 'available' | 'delayed';

const nameForm = /^[a-z0-9][a-z0-9._-]{0,127}$/;
export const releaseNameRule =
  'must have 1 to 128 characters: lower case letters, digits, ".", "_" and "-", and begin with a letter or a digit';

export function parseReleaseName(text: string): string | undefined {
  return nameForm.test(text) ? text : undefined;
}

/** @param before the revision that this one takes the place of */
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

/** The order of the images says nothing about what is waited for. */
export function isSameContent(a: ReleaseContent, b: ReleaseContent): boolean {
  const written = ({ images, regions, require, artifacts = [], platforms = [] }: ReleaseContent) =>
    JSON.stringify([[...images].sort(), regions, require, [...artifacts].sort(), [...platforms].sort()]);
  return written(a) === written(b);
}

/** A release that was deleted and made again has the same name, and maybe the same number. */
export function isSameRevision(
  a: Pick<Release, 'revision' | 'createdAt'>,
  b: Pick<Release, 'revision' | 'createdAt'>,
): boolean {
  return a.revision === b.revision && a.createdAt === b.createdAt;
}

/**
 * What is true by now.
 * @param durationSeconds of all images, where all are where they must be; else `undefined`
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

/** Nobody needs to hear that it is late once it is there. */
export function pendingFact(release: Release): ReleaseFact | undefined {
  if (release.availableAt !== null) return release.announcedAt === null ? 'available' : undefined;
  return release.delayedAt !== null && release.delayAnnouncedAt === null ? 'delayed' : undefined;
}

export function factAt(release: Release, fact: ReleaseFact): number {
  return (fact === 'available' ? release.availableAt : release.delayedAt) ?? release.revisedAt;
}

export function acknowledgeFact(release: Release, fact: ReleaseFact, at: number): Release {
  return fact === 'available' ? { ...release, announcedAt: at } : { ...release, delayAnnouncedAt: at };
}

/** What is published about this revision by now, and when the topic accepted it; `null` while it has not. */
export function notedFacts(
  release: Release,
): readonly { readonly fact: ReleaseFact; readonly acceptedAt: number | null }[] {
  const pending = pendingFact(release);
  const { announcedAt, delayAnnouncedAt } = release;
  const all = [
    { fact: 'delayed', acceptedAt: delayAnnouncedAt },
    { fact: 'available', acceptedAt: announcedAt },
  ] as const;
  return all.filter(({ fact, acceptedAt }) => acceptedAt !== null || fact === pending);
}

/** Nothing will ever be published about it again. */
export function isFinished({ availableAt, announcedAt }: Release): boolean {
  return availableAt !== null && announcedAt !== null;
}

const minPauseMs = 15_000;
const maxPauseMs = 3_600_000;
const firstLookMs = 30_000;

/**
 * When somebody must look at it again, whatever happens until then. Whoever stores an image's last report looks at once: this
 * is for when that instance dies, and for sets of replicas that change. A quarter of the age is late in proportion, and a
 * release that nobody completes costs less and less. Times are rounded up, so that two who add the same add one.
 */
export function nextLookAt(release: Release, now: number, delayedAfterMs: number): number {
  const { revisedAt, availableAt, delayedAt } = release;
  const pending = pendingFact(release);
  const since = pending === undefined ? revisedAt : factAt(release, pending);
  const pauseMs = Math.min(maxPauseMs, Math.max(minPauseMs, (now - since) / 4));
  const at = now === revisedAt ? now + firstLookMs : rounded(now + pauseMs, revisedAt);
  const delayedFrom = revisedAt + delayedAfterMs;
  return availableAt === null && delayedAt === null && delayedFrom > now ? Math.min(at, delayedFrom) : at;
}

function rounded(at: number, from: number): number {
  return from + Math.ceil((at - from) / minPauseMs) * minPauseMs;
}
