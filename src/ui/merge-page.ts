/**
 * Keeps a long list fresh at the price of its newest page. A page says everything about the span it covers: what is known
 * from that span and not on it has gone; what is older stays as it was until the whole list is asked for again.
 */
import type { AvailabilityDocument } from '../core/image/availability.ts';

export interface ImagesPage {
  readonly images: readonly AvailabilityDocument[];
  readonly next: string | null;
}

export function imageKey({ registry, repository, digest }: AvailabilityDocument): string {
  return `${registry}/${repository}@${digest}`;
}

/** @param known newest first, as every list here */
export function mergePage(
  known: readonly AvailabilityDocument[],
  page: ImagesPage,
  most: number,
): readonly AvailabilityDocument[] {
  const oldest = page.images.at(-1)?.firstSeenAt;
  // A page with no end covers everything; an empty one that has an end says nothing of what lies behind it.
  if (page.next === null) return page.images;
  if (oldest === undefined || oldest === null) return known;
  const onPage = new Set(page.images.map(imageKey));
  const older = known.filter((image) => !onPage.has(imageKey(image)) && (image.firstSeenAt ?? '') <= oldest);
  return [...page.images, ...older].slice(0, most);
}
