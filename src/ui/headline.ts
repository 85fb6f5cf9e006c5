/** The answer about one image in a sentence: for who asks "may I deploy?" and reads no table. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { formatSeconds, plural, visible } from './format.ts';

/** What is usual in each region: seconds that 95 of 100 images are behind the first at most. */
export type UsualLag = ReadonlyMap<string, number>;

/** @param now milliseconds since 1970, by the tracker's clock */
export function headline(document: AvailabilityDocument, usual: UsualLag, now: number): string {
  const { state, requirement, missing, tag, firstSeenAt, availableAt, artifacts = [] } = document;
  const [have, needed] = [requirement.have, requirement.needed];
  if (state === 'unknown') return 'No region has reported this image.';
  if (state === 'deleted') return 'Deleted in every region that had it.';
  const split = tag?.state === 'diverged' ? ` Regions resolve ${visible(tag.name)} to different digests.` : '';
  // The times are the image's own.
  const asked = artifacts.map(({ kind }) => visible(kind));
  const and = asked.length === 0 ? '' : ` with ${joined(asked)}`;
  if (missing.length === 0) {
    const all = have === 1 ? 'its one region' : `all ${have} regions`;
    return `In ${all}${and}${and === '' ? took(firstSeenAt, availableAt) : ''}.${split}`;
  }
  const waited = firstSeenAt === null ? 0 : Math.max(0, now - Date.parse(firstSeenAt)) / 1000;
  const places = missing.map(visible);
  const named = places.length > 3 ? `${places.slice(0, 2).join(', ')} and ${places.length - 2} more` : joined(places);
  const word =
    state === 'deleting'
      ? `${places.length === 1 ? 'is' : 'are'} missing or deleted`
      : `${places.length === 1 ? 'is' : 'are'} missing`;
  const since = state === 'replicating' && waited > 0 ? ` for ${formatSeconds(waited)}` : '';
  const usually = compared(missing, usual, waited, state);
  return `In ${have} of ${plural(needed, 'region')}${and}; ${named} ${word}${since}${usually}.${split}`;
}

function took(firstSeenAt: string | null, availableAt: string | null): string {
  if (firstSeenAt === null || availableAt === null) return '';
  return `, ${formatSeconds(Math.max(0, Date.parse(availableAt) - Date.parse(firstSeenAt)) / 1000)} after the first`;
}

function joined(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Of one region, or of the one that is usually slowest: the others are late all the more. */
function compared(missing: readonly string[], usual: UsualLag, waited: number, state: string): string {
  const known = missing.flatMap((region) => usual.get(region) ?? []);
  const slowest = Math.max(...known);
  if (known.length < missing.length || state !== 'replicating' || !(slowest > 0)) return '';
  const times = waited / slowest;
  const there = missing.length === 1 ? ' there' : '';
  if (times < 1) return `, as is usual${there}`;
  if (times < 2) return `, longer than usual${there}`;
  return `, ${times > 100 ? 'more than 100' : Math.floor(times)} times longer than usual${there}`;
}
