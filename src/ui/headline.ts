/** The answer about one image in one sentence, for a reader who asks "may I deploy?" and reads no table. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { absentText, groupAbsent, joined, listed } from './absent.ts';
import { arrivalSpan } from './arrival-times.ts';
import { formatSeconds, formatWaiting, plural, visible } from './format.ts';
import { deletedAt } from './image-words.ts';
import { lackedKinds, shortfallIn } from './shortfall.ts';

/** Per region, the 95th percentile of the lag behind the first region, in seconds. */
export type UsualLag = ReadonlyMap<string, number>;

export type HeadlinePart = string | { readonly waitingSince: string };

/** What is known besides the document. */
export interface HeadlineFacts {
  readonly usual?: UsualLag;
  /** Where the image's tags point, those that have moved to another image included. */
  readonly ofTags?: readonly AvailabilityDocument[];
  /** The document with what may be attached to the image. */
  readonly attached?: AvailabilityDocument | undefined;
}

/** @param now milliseconds since 1970, by the tracker's clock */
export function headline(
  document: AvailabilityDocument,
  now: number,
  { usual = new Map(), ofTags = [], attached }: HeadlineFacts = {},
): readonly HeadlinePart[] {
  const { state, requirement, missing, firstSeenAt, artifacts = [] } = document;
  const [have, needed] = [requirement.have, requirement.needed];
  if (state === 'unknown') return ['No region has reported this image.'];
  if (state === 'deleted') {
    const gone = document.regions.filter((one) => one.state === 'deleted').map(({ region }) => region);
    const last = deletedAt(document);
    const where = `Deleted in every region that had it${gone.length === 0 ? '' : `: ${listed(gone)}`}`;
    return last === null
      ? [`${where}.`]
      : [`${where}${gone.length > 1 ? '; the last' : ''} `, { waitingSince: last }, ' ago.'];
  }
  const isSaid = state === 'available' && missing.length > 0 && lackedKinds(document).length === 0;
  const of = document.tag === undefined ? ofTags : isSaid ? [] : [document];
  const tags = of.map((one) => tagText(one, document.digest)).join('');
  const rest = `.${attachedText(document, attached)}${tags}`;
  // The document's times are those of the image, not of its artifacts.
  const asked = artifacts.map(({ kind }) => visible(kind));
  const and = asked.length === 0 ? '' : ` with ${joined(asked)}`;
  if (missing.length === 0) {
    const all = have === 1 ? 'its one region' : `all ${have} regions`;
    return [`In ${all}${and}${and === '' ? durationOf(document) : ''}${rest}`];
  }
  const inState = (...states: readonly string[]) => {
    const stateOf = new Map(document.regions.map((region) => [region.region, region.state]));
    return missing.filter((region) => states.includes(stateOf.get(region) ?? 'missing'));
  };
  if (state === 'deleting') return [`${deletingText(document)}${rest}`];
  const [absent, deleted, unverified] = [inState('missing'), inState('deleted'), inState('unverified')];
  const waited = firstSeenAt === null ? 0 : Math.max(0, now - Date.parse(firstSeenAt)) / 1000;
  const isAwaited = state === 'replicating' && waited > 0 && firstSeenAt !== null;
  // All regions have the image where it is available: what some of them lack is the tag.
  const isTag = document.tag !== undefined && state === 'available' && lackedKinds(document).length === 0;
  const lacks = [
    clause(deleted, 'has', 'have', 'deleted it'),
    unverified.length === 0 ? '' : `unverified in ${listed(unverified)}`,
    ...lacksOf(document, inState('available'), isTag),
  ].filter((text) => text !== '');
  const [first, ...others] = groupAbsent(document, absent);
  const after = `${[...others.map(absentText), ...lacks].map((text) => `; ${text}`).join('')}${rest}`;
  const where = `n ${have} of ${plural(needed, 'region')}${and}`;
  const counted =
    isTag && document.tag !== undefined ? `${visible(document.tag.name)} points at this image i${where}` : `I${where}`;
  const head = `${counted}${first === undefined ? '' : `; ${absentText(first)}`}`;
  if (!isAwaited || first === undefined) return [`${head}${after}`];
  return [`${head} for `, { waitingSince: firstSeenAt }, `${comparedToUsual(first.regions, usual, waited)}${after}`];
}

export function headlineText(parts: readonly HeadlinePart[], now: number): string {
  return parts
    .map((one) => (typeof one === 'string' ? one : formatWaiting(now - Date.parse(one.waitingSince))))
    .join('');
}

function clause(regions: readonly string[], one: string, many: string, rest: string): string {
  if (regions.length === 0) return '';
  return `${listed(regions)} ${regions.length === 1 ? one : many} ${rest}`;
}

/** Which regions still have an image that is being deleted. */
function deletingText({ regions }: AvailabilityDocument): string {
  const inState = (...states: readonly string[]) =>
    regions.filter((one) => states.includes(one.state)).map(({ region }) => region);
  const [still, deleted] = [inState('available', 'unverified'), inState('deleted')];
  const where = deleted.length > 3 ? `${deleted.length} regions` : listed(deleted);
  return `Still in ${still.length === 0 ? 'no region' : listed(still)}; deleted in ${where}`;
}

/** What regions that have the image lack of what was asked for; `isNamed`: the sentence has named the tag already. */
function lacksOf(document: AvailabilityDocument, regions: readonly string[], isNamed: boolean): string[] {
  const kinds = lackedKinds(document);
  if (kinds.length > 0) return [clause(regions, 'has', 'have', `the image without ${kinds.join(' or ')}`)];
  const { tag } = document;
  if (tag === undefined) return [clause(regions, 'has', 'have', 'not all that was asked for')];
  const name = visible(tag.name);
  const isElsewhere = (region: string) => tag.regions.some((one) => one.region === region);
  return [
    clause(regions.filter(isElsewhere), 'resolves', 'resolve', `${isNamed ? 'it' : name} to another digest`),
    clause(
      regions.filter((region) => !isElsewhere(region)),
      'has',
      'have',
      `the image, but not as ${name}`,
    ),
  ];
}

/** Artifacts that some regions have, and that other regions with the image lack; all regions that lack them are named. */
function attachedText(document: AvailabilityDocument, attached: AvailabilityDocument | undefined): string {
  const isAsked = (kind: string) => (document.artifacts ?? []).some((one) => one.kind === kind);
  if (attached === undefined) return '';
  return (attached.artifacts ?? [])
    .filter(({ kind, missing }) => !isAsked(kind) && missing.length < attached.requirement.regions.length)
    .map(({ kind, missing }) => {
      const isShort = missing.some((region) => shortfallIn(attached, region) !== undefined);
      return isShort ? ` Its ${visible(kind)} is missing in ${listed(missing)}.` : '';
    })
    .join('');
}

/** For a tag that has diverged, or that has moved to another image: the regions that resolve it to which. */
function tagText({ tag, digest: newest }: AvailabilityDocument, digest: string | null): string {
  if (tag === undefined) return '';
  const name = visible(tag.name);
  const regionsOf = (isHere: boolean) =>
    tag.regions.filter((one) => (one.digest === digest) === isHere).map(({ region }) => region);
  const [here, elsewhere] = [regionsOf(true), regionsOf(false)];
  if (newest !== digest && elsewhere.length > 0) {
    const still = here.length === 0 ? '' : `; ${clause(here, 'resolves', 'resolve', 'it to this one')}`;
    return ` ${name} has moved to another image${still}.`;
  }
  if (tag.state !== 'diverged') return '';
  if (elsewhere.length === 0) return ` Regions resolve ${name} to different digests.`;
  return ` ${clause(elsewhere, 'resolves', 'resolve', `${name} to another digest`)}.`;
}

function durationOf(document: AvailabilityDocument): string {
  const span = arrivalSpan(document);
  if (span === undefined) return '';
  return `, ${span.isAtMost ? 'at most ' : ''}${formatSeconds(span.seconds)} after the first`;
}

/** Compares the wait with the usual lag of the one region that is named before it, or of the slowest of them. */
function comparedToUsual(missing: readonly string[], usual: UsualLag, waited: number): string {
  const known = missing.flatMap((region) => usual.get(region) ?? []);
  const slowest = Math.max(...known);
  if (known.length < missing.length || !(slowest > 0)) return '';
  const times = waited / slowest;
  const there = `${missing.length === 1 ? ' there' : ''} (${formatSeconds(slowest)})`;
  if (times < 1) return `, as is usual${there}`;
  if (times < 2) return `, longer than usual${there}`;
  return `, ${times > 100 ? 'more than 100' : Math.floor(times)} times longer than usual${there}`;
}
