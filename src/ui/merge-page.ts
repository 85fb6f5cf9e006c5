/**
 * Keeps a long list fresh by requesting only its newest page. A page is complete for the time it covers: a known image
 * of that time that is not on it is gone. Older images stay as they were until the whole list is requested again.
 */
import type { AvailabilityDocument } from '../core/image/availability.ts';

export interface ImagesPage {
  readonly images: readonly AvailabilityDocument[];
  readonly next: string | null;
}

export function imageKey({ registry, repository, digest }: AvailabilityDocument): string {
  return `${registry}/${repository}@${digest}`;
}

/** @param known newest first, as in every list here */
export function mergePage(
  known: readonly AvailabilityDocument[],
  page: ImagesPage,
  limit: number,
): readonly AvailabilityDocument[] {
  const oldest = page.images.at(-1)?.firstSeenAt;
  // The last page covers all older images; an empty page that is not the last covers nothing.
  if (page.next === null) return page.images;
  if (oldest === undefined || oldest === null) return known;
  const onPage = new Set(page.images.map(imageKey));
  const older = known.filter((image) => !onPage.has(imageKey(image)) && (image.firstSeenAt ?? '') <= oldest);
  return [...page.images, ...older].slice(0, limit);
}
