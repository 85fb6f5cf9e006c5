/** The answer about one image in one sentence, for a reader who asks "may I deploy?" and reads no table. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { formatSeconds, plural, visible } from './format.ts';

/** Per region, the 95th percentile of the lag behind the first region, in seconds. */
export type UsualLag = ReadonlyMap<string, number>;

/**
 * @param now milliseconds since 1970, by the tracker's clock
 * @param ofTags where the image's tags point, for a document that is about no tag
 */
export function headline(
  document: AvailabilityDocument,
  usual: UsualLag,
  now: number,
  ofTags: readonly AvailabilityDocument[] = [],
): string {
  const { state, requirement, missing, firstSeenAt, availableAt, artifacts = [] } = document;
  const [have, needed] = [requirement.have, requirement.needed];
  if (state === 'unknown') return 'No region has reported this image.';
  if (state === 'deleted') return 'Deleted in every region that had it.';
  const diverged = (document.tag === undefined ? ofTags : [document])
    .map((one) => divergenceOf(one, document.digest))
    .join('');
  // The document's times are those of the image, not of its artifacts.
  const asked = artifacts.map(({ kind }) => visible(kind));
  const and = asked.length === 0 ? '' : ` with ${joined(asked)}`;
  if (missing.length === 0) {
    const all = have === 1 ? 'its one region' : `all ${have} regions`;
    return `In ${all}${and}${and === '' ? durationOf(firstSeenAt, availableAt) : ''}.${diverged}`;
  }
  const waited = firstSeenAt === null ? 0 : Math.max(0, now - Date.parse(firstSeenAt)) / 1000;
  const stateOf = new Map(document.regions.map((region) => [region.region, region.state]));
  const inState = (...states: readonly string[]) =>
    missing.filter((region) => states.includes(stateOf.get(region) ?? 'missing'));
  const [absent, deleted, unverified] = [inState('missing'), inState('deleted'), inState('unverified')];
  const since = state === 'replicating' && waited > 0 ? ` for ${formatSeconds(waited)}` : '';
  const lacks = [
    absent.length === 0 ? '' : `missing in ${listed(absent)}${since}${comparedToUsual(absent, usual, waited, state)}`,
    clause(deleted, 'has', 'have', 'deleted it'),
    unverified.length === 0 ? '' : `unverified in ${listed(unverified)}`,
    clause(inState('available'), 'has', 'have', lackedThere(document)),
  ].filter((text) => text !== '');
  return `In ${have} of ${plural(needed, 'region')}${and}; ${lacks.join('; ')}.${diverged}`;
}

function clause(regions: readonly string[], one: string, many: string, rest: string): string {
  if (regions.length === 0) return '';
  return `${listed(regions)} ${regions.length === 1 ? one : many} ${rest}`;
}

function listed(regions: readonly string[]): string {
  const places = regions.map(visible);
  return places.length > 3 ? `${places.slice(0, 2).join(', ')} and ${places.length - 2} more` : joined(places);
}

/** The regions that have the image but lack a required artifact. */
function lackedThere({ artifacts = [], tag }: AvailabilityDocument): string {
  const lacking = artifacts.filter(({ missing }) => missing.length > 0).map(({ kind }) => visible(kind));
  if (lacking.length > 0) return `the image without ${lacking.join(' or ')}`;
  return tag === undefined ? 'not all that was asked for' : `the image, but not as ${visible(tag.name)}`;
}

/** For a tag that has diverged: the regions that resolve it to another digest. */
function divergenceOf({ tag }: AvailabilityDocument, digest: string | null): string {
  if (tag?.state !== 'diverged') return '';
  const elsewhere = tag.regions.filter((one) => one.digest !== digest).map(({ region }) => region);
  if (elsewhere.length === 0) return ` Regions resolve ${visible(tag.name)} to different digests.`;
  return ` ${clause(elsewhere, 'resolves', 'resolve', `${visible(tag.name)} to another digest`)}.`;
}

function durationOf(firstSeenAt: string | null, availableAt: string | null): string {
  if (firstSeenAt === null || availableAt === null) return '';
  return `, ${formatSeconds(Math.max(0, Date.parse(availableAt) - Date.parse(firstSeenAt)) / 1000)} after the first`;
}

function joined(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Compares the wait with the usual lag of the one missing region, or of the slowest of them. */
function comparedToUsual(missing: readonly string[], usual: UsualLag, waited: number, state: string): string {
  const known = missing.flatMap((region) => usual.get(region) ?? []);
  const slowest = Math.max(...known);
  if (missing.length === 0 || known.length < missing.length || state !== 'replicating' || !(slowest > 0)) return '';
  const times = waited / slowest;
  const there = `${missing.length === 1 ? ' there' : ''} (${formatSeconds(slowest)})`;
  if (times < 1) return `, as is usual${there}`;
  if (times < 2) return `, longer than usual${there}`;
  return `, ${times > 100 ? 'more than 100' : Math.floor(times)} times longer than usual${there}`;
}
