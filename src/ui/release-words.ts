/**
 * A release in words: its state, how many of its images are in their required regions, and which regions lack how many.
 */
import type { ListedRelease, ReleaseDocument } from '../core/releases/release-document.ts';
import { plural, shortReference, visible } from './format.ts';
import { shortfallIn } from './shortfall.ts';
import type { ShownState } from './words.ts';

/**
 * The state of the revision. Once available, it stays so, even if images are deleted.
 * @param state of its images together, where it is known: a release with a deleted image cannot become available
 */
export function releaseState({
  availableAt,
  delayed,
  state,
}: Pick<ListedRelease, 'availableAt' | 'delayed'> & { state?: ReleaseDocument['state'] | undefined }): ShownState {
  if (availableAt !== null) return 'available';
  if (state === 'deleted') return 'deleted';
  return delayed ? 'delayed' : 'replicating';
}

export interface ReleaseProgress {
  readonly complete: number;
  readonly of: number;
  /** The regions that lack an image, the one that lacks the most first. */
  readonly lacking: readonly (readonly [region: string, images: number])[];
}

export function progressOf({ images, missing }: Pick<ReleaseDocument, 'images' | 'missing'>): ReleaseProgress {
  const complete = images.filter(({ satisfied }) => satisfied).length;
  return { complete, of: images.length, lacking: countByRegion(missing) };
}

function countByRegion(lists: readonly { readonly regions: readonly string[] }[]): ReleaseProgress['lacking'] {
  const counts = new Map<string, number>();
  for (const { regions } of lists) {
    for (const region of regions) counts.set(region, (counts.get(region) ?? 0) + 1);
  }
  return [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
}

/** What the list shows of an open release. */
export interface OpenRelease extends ReleaseProgress {
  readonly state: ReleaseDocument['state'];
  /** The images that cannot become available. `lacking` does not count them. */
  readonly ended: ReleaseDocument['ended'];
}

export function openRelease({ images, missing, state, ended }: ReleaseDocument): OpenRelease {
  const isEnded = (image: string) => ended.some((one) => one.image === image);
  return { ...progressOf({ images, missing: missing.filter(({ image }) => !isEnded(image)) }), state, ended };
}

/** `westeurope 12, uksouth 3; team/app:v1 was deleted` */
export function incompleteText({ lacking, ended }: Pick<OpenRelease, 'lacking' | 'ended'>): string {
  const [gone] = ended;
  const more = ended.length < 2 ? '' : ` and ${plural(ended.length - 1, 'more image')} cannot come`;
  const over = gone === undefined ? [] : [`${shortReference(gone.image)} was ${visible(gone.outcome)}${more}`];
  return [...(lacking.length === 0 ? [] : [lackingText({ lacking })]), ...over].join('; ');
}

const maxNamed = 3;

/** `westeurope 12, uksouth 3 and 4 more regions` */
export function lackingText({ lacking }: Pick<ReleaseProgress, 'lacking'>): string {
  const named = lacking.slice(0, lacking.length > maxNamed ? maxNamed - 1 : maxNamed);
  const rest = lacking.length - named.length;
  const text = named.map(([region, count]) => `${visible(region)} ${count}`).join(', ');
  return rest === 0 ? text : `${text} and ${rest} more regions`;
}

/** Which regions lack which images, in one sentence. */
export function releaseHeadline(document: ReleaseDocument): string {
  const { satisfied, images, missing, ended } = document;
  if (satisfied) {
    const all = images.length === 1 ? 'Its one image is' : `All ${images.length} images are`;
    return `${all} where ${images.length === 1 ? 'it' : 'they'} must be.`;
  }
  const progress = progressOf(document);
  const head = `${progress.complete} of ${plural(progress.of, 'image')} ${progress.complete === 1 ? 'is' : 'are'} where they must be`;
  const [gone] = ended;
  const over = [
    ...unlistedPlatforms(document),
    ...(gone === undefined
      ? []
      : [`${shortReference(gone.image)} was ${visible(gone.outcome)}: it comes only if it is pushed again.`]),
  ]
    .map((sentence) => ` ${sentence}`)
    .join('');
  // What was deleted is named for that; where it is missing says nothing more.
  const awaited = missing.filter(({ image }) => !ended.some((one) => one.image === image));
  if (awaited.length === 0) return `${head}.${over}`;
  // Images without any event were most likely not pushed yet. Counted per region, they would only repeat their number
  // in every region.
  const unheard = new Set(images.filter(({ state }) => state === 'unknown').map(({ image }) => image));
  const [nowhere, somewhere] = [
    awaited.filter(({ image }) => unheard.has(image)),
    awaited.filter(({ image }) => !unheard.has(image)),
  ];
  const yet = nowhere.length === 0 ? '' : ` ${notReported(nowhere.map(({ image }) => shortReference(image)))}`;
  if (somewhere.length === 0) return `${head}.${yet}${over}`;
  const lacks = somewhere.flatMap((one) => lacksOf(one, images));
  if (somewhere.length > 2) return `${head}. ${lacksByRegion(lacks)}.${yet}${over}`;
  const named = lacks.map(
    ({ what, name, regions }) => `${name} ${what === '' ? 'is missing' : `has ${what}`} in ${regionsText(regions)}`,
  );
  return `${head}: ${named.join(', and ')}.${yet}${over}`;
}

/** Images that do not list a platform that the release requires: no region can get it, however long one waits. */
function unlistedPlatforms({ images, platforms = [] }: ReleaseDocument): string[] {
  return images.flatMap(({ image, members, membersKnown }) => {
    const listed = (members ?? []).flatMap(({ platform }) => platform ?? []);
    if (!membersKnown || listed.length === 0) return [];
    const isListed = (asked: string) => listed.some((one) => one === asked || one.startsWith(`${asked}/`));
    const lacked = platforms.filter((asked) => !isListed(asked)).map(visible);
    return lacked.length === 0 ? [] : [`${tagged(image, images)} does not list ${lacked.join(' and ')}.`];
  });
}

interface Lack {
  /** `''`: no image. Otherwise what a region with the image has: `no signature`, `another prod`. */
  readonly what: string;
  readonly name: string;
  readonly regions: readonly string[];
}

/** What one image lacks, with the regions that lack the same together. */
function lacksOf({ image, regions }: ReleaseDocument['missing'][number], images: ReleaseDocument['images']): Lack[] {
  const document = images.find((one) => one.image === image);
  const shortfall = (region: string) => (document === undefined ? undefined : shortfallIn(document, region)) ?? '';
  return [...Map.groupBy(regions, shortfall)].map(([what, together]) => ({
    ...{ what, regions: together },
    name: document !== undefined && what.startsWith('another ') ? visible(document.repository) : tagged(image, images),
  }));
}

/** `Images missing: westeurope 3, uksouth 1. Images with no signature: japaneast 1` */
function lacksByRegion(lacks: readonly Lack[]): string {
  return [...Map.groupBy(lacks, ({ what }) => what)]
    .map(([what, together]) => {
      const counts = lackingText({ lacking: countByRegion(together) });
      return `Images ${what === '' ? 'missing' : `with ${what}`}: ${counts}`;
    })
    .join('. ');
}

function notReported(names: readonly string[]): string {
  const named =
    names.length > maxNamed ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ');
  return `No region has reported ${named}.`;
}

/** By the tag in the release, where it has one. */
function tagged(image: string, images: ReleaseDocument['images']): string {
  const document = images.find((one) => one.image === image);
  const tag = document?.tag?.name;
  return document === undefined || tag === undefined
    ? shortReference(image)
    : `${visible(document.repository)}:${visible(tag)}`;
}

function regionsText(regions: readonly string[]): string {
  if (regions.length > maxNamed) return `${regions.slice(0, 2).map(visible).join(', ')} and ${regions.length - 2} more`;
  return regions.map(visible).join(', ');
}
