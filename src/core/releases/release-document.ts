/** The document of a release: the answer about its images, and what is stored of the revision; and the events made of it. */

import type { AvailabilityDocument } from '../image/availability.ts';
import type { CloudEvent } from '../image/cloud-event.ts';
import { eventId } from '../image/cloud-event.ts';
import type { Registry } from '../model/registry.ts';
import { eventSource } from '../model/registry.ts';
import type { SeveralDocument } from '../query/several-images.ts';
import type { Release, ReleaseAnnouncement } from './release.ts';
import { becameTrueAt } from './release.ts';

/** Times are ISO 8601. */
export interface ReleaseDocument extends SeveralDocument {
  readonly name: string;
  readonly revision: number;
  readonly createdAt: string;
  readonly availableAt: string | null;
  readonly announcedAt: string | null;
  readonly delayed: boolean;
  /** Present where they were asked for. */
  readonly artifacts?: readonly string[];
  readonly platforms?: readonly string[];
}

/** One entry of the list: the content of the release and its state. */
export interface ListedRelease extends Omit<ReleaseDocument, keyof SeveralDocument> {
  readonly images: readonly string[];
  /** `regions` is `null` where every expected one is meant. */
  readonly requirement: Pick<Release, 'regions' | 'require'>;
}

type PublishedImage = Omit<AvailabilityDocument, 'satisfied' | 'requirement'>;

/** The document without `satisfied` and `requirement`. */
export interface ReleaseEventData extends Omit<ReleaseDocument, 'satisfied' | 'requirement' | 'images'> {
  /** Without `regions` and `tags` where the list would be too long: an event holds 1 MB. */
  readonly images: readonly (PublishedImage | Omit<PublishedImage, 'regions' | 'tags'>)[];
  /** In the event that the release is available: from the first region to the last, over all images. */
  readonly durationSeconds?: number;
}

export function describeRelease(release: Release, several: SeveralDocument): ReleaseDocument {
  return { ...headOf(release), ...several };
}

export function listRelease(release: Release): ListedRelease {
  const { images, regions, require } = release;
  return { ...headOf(release), images, requirement: { regions, require } };
}

function headOf(release: Release): Omit<ReleaseDocument, keyof SeveralDocument> {
  const { name, revision, createdAt, availableAt, announcedAt, delayedAt, artifacts, platforms } = release;
  return {
    name,
    revision,
    createdAt: new Date(createdAt).toISOString(),
    availableAt: toIso(availableAt),
    announcedAt: toIso(announcedAt),
    delayed: delayedAt !== null,
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(platforms === undefined ? {} : { platforms }),
  };
}

/** Seconds from the first arrival of an image in a required region to the last. */
export function durationOf(images: readonly AvailabilityDocument[]): number {
  const times = images
    .flatMap(({ regions }) => regions)
    .flatMap(({ state, required, since }) => (state === 'available' && required && since !== null ? [since] : []))
    .map((since) => Date.parse(since));
  return times.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / 1000;
}

export const releaseEventTypes: Readonly<Record<ReleaseAnnouncement, string>> = {
  available: 'AcrReplication.ReleaseAvailableInAllReplicas',
  delayed: 'AcrReplication.ReleaseDelayed',
};

/**
 * The same announcement has the same id on every instance. The id includes the time at which the release was created: a release
 * that is deleted and created again starts with revision 1 again.
 * @param registry of the first image: an event has one source
 */
export function toReleaseEvent(
  release: Release,
  announcement: ReleaseAnnouncement,
  several: SeveralDocument,
  registry: Registry,
): CloudEvent<ReleaseEventData> {
  const { satisfied: _satisfied, requirement: _requirement, images, ...rest } = describeRelease(release, several);
  const { name, revision, createdAt, durationSeconds } = release;
  return {
    specversion: '1.0',
    id: eventId([releaseEventTypes[announcement], name, String(createdAt), String(revision)]),
    source: eventSource(registry),
    type: releaseEventTypes[announcement],
    subject: `releases/${name}`,
    time: new Date(becameTrueAt(release, announcement)).toISOString(),
    datacontenttype: 'application/json',
    data: {
      ...rest,
      images: publishedImages(images),
      ...(announcement === 'available' ? { durationSeconds: durationSeconds ?? 0 } : {}),
    },
  };
}

/** Characters. Leaves room for the rest of the event, and for characters that are several bytes long. */
const maxImagesText = 600_000;

function publishedImages(images: readonly AvailabilityDocument[]): ReleaseEventData['images'] {
  const whole = images.map(({ satisfied: _one, requirement: _other, ...image }) => image);
  if (JSON.stringify(whole).length <= maxImagesText) return whole;
  return whole.map(({ regions: _regions, tags: _tags, ...image }) => image);
}

function toIso(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
