/** The order of the regions of one image: those that matter for the reader first, then by part of the world. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { RegionAvailability } from '../core/image/region-availability.ts';
import type { CellKind } from './cell-kind.ts';
import { byPlace } from './geography.ts';
import { cellValue } from './region-state.ts';

const ranks: Partial<Record<CellKind, number>> = { unverified: 1, incomplete: 1, deleted: 2, available: 3, absent: 4 };
/** While an image is being deleted, the regions that still have it come first. */
const ranksOfDeleting: Partial<Record<CellKind, number>> = { deleted: 2, missing: 3, absent: 4 };

export function inRegionOrder(
  document: AvailabilityDocument,
  regions: readonly RegionAvailability[],
): RegionAvailability[] {
  const names = byPlace(regions.map(({ region }) => region)).flatMap((place) => place.regions);
  const places = new Map(names.map((name, place) => [name, place]));
  const ranked = document.state === 'deleting' ? ranksOfDeleting : ranks;
  const rank = ({ region }: RegionAvailability) => ranked[cellValue(document, region).kind] ?? 0;
  return regions.toSorted((a, b) => rank(a) - rank(b) || (places.get(a.region) ?? 0) - (places.get(b.region) ?? 0));
}
