/** What regions lack that do not have all of an image: all of it, or some of its platforms. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { plural, visible } from './format.ts';

type Listed = Pick<AvailabilityDocument, 'members'>;

const maxNamed = 3;

/** The platforms that this region lacks of an image that it has in part: `linux/arm64`; empty if it lacks all of it. */
export function partsMissingIn({ members }: Listed, region: string): string {
  const parts = (members ?? []).filter(({ kind }) => kind !== 'artifact');
  const lacking = parts.filter(({ missing }) => missing.some((one) => one === region));
  if (lacking.length === parts.length) return '';
  if (lacking.length > maxNamed) return `${lacking.length} of ${plural(parts.length, 'manifest')}`;
  return joined(lacking.map(({ platform, kind }) => visible(platform ?? kind)));
}

export interface Absent {
  /** `''`: all of the image. */
  readonly what: string;
  readonly regions: readonly string[];
}

/** Regions that lack the same together; those that lack all of the image first. */
export function groupAbsent(document: Listed, absent: readonly string[]): Absent[] {
  return [...Map.groupBy(absent, (region) => partsMissingIn(document, region))]
    .map(([what, regions]) => ({ what, regions }))
    .sort((a, b) => Number(b.what === '') - Number(a.what === ''));
}

/** `missing in uksouth`, or `linux/arm64 missing in brazilsouth` */
export function absentText({ what, regions }: Absent): string {
  return `${what === '' ? '' : `${what} `}missing in ${listed(regions)}`;
}

/** `a, b and 3 more`, or `a, b and c` */
export function listed(regions: readonly string[]): string {
  const places = regions.map(visible);
  return places.length > maxNamed ? `${places.slice(0, 2).join(', ')} and ${places.length - 2} more` : joined(places);
}

export function joined(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
