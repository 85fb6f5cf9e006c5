/**
 * A release in words: its state, how many of its images are in their required regions, and which are not, and why.
 */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { ListedRelease, ReleaseDocument } from '../core/releases/release-document.ts';
import { partsMissingIn } from './absent.ts';
import { plural, shortReference, visible } from './format.ts';
import { namesText } from './image-words.ts';
import { shortfallIn } from './shortfall.ts';
import type { ShownState } from './words.ts';

/**
 * The state of the revision. Once available, it stays so, even if images are deleted.
 * @param state of its images together, where it is known: a release whose image is deleted cannot become available
 */
export function releaseState({
  availableAt,
  delayed,
  state,
}: Pick<ListedRelease, 'availableAt' | 'delayed'> & { state?: ReleaseDocument['state'] | undefined }): ShownState {
  if (availableAt !== null) return 'available';
  if (state === 'deleted' || state === 'deleting') return state;
  return delayed ? 'delayed' : 'replicating';
}

/** What the list and the title show of a release: the same as its sentence. */
export interface ReleaseProgress {
  readonly complete: number;
  readonly of: number;
  /** The images that are not complete, and why; empty if all are. */
  readonly incomplete: string;
  readonly state: ReleaseDocument['state'];
}

export function progressOf(document: ReleaseDocument): ReleaseProgress {
  const { images } = document;
  const complete = images.filter(({ satisfied }) => satisfied).length;
  return { complete, of: images.length, incomplete: incompleteText(document), state: stateOfImages(document) };
}

/** The worst state of all images is `unknown` also where one is being deleted, and no region has reported another yet. */
function stateOfImages({ state, images }: ReleaseDocument): ReleaseDocument['state'] {
  return state === 'unknown' && images.some(isLeaving) ? 'deleting' : state;
}

function isLeaving({ state, satisfied }: Pick<AvailabilityDocument, 'state' | 'satisfied'>): boolean {
  return state === 'deleting' && !satisfied;
}

/** Images that lack the same are named together; more groups would make the text too long. */
const maxGroups = 5;

/** `team/pay:1.40.0 missing in westus; team/app:v1 with no signature in eastus; team/new:2 not reported by any region` */
function incompleteText(document: ReleaseDocument): string {
  const { images, missing, ended } = document;
  // Where only some of its regions are needed, an image can be complete and missing in others.
  const isComplete = (name: string) => images.some(({ image, satisfied }) => satisfied && image === name);
  const lacks = missing.flatMap((one): Lack[] => {
    if (isComplete(one.image)) return [];
    const name = tagged(one.image, images);
    const end = ended.find(({ image }) => image === one.image);
    // What was deleted is named for that; where it is missing says nothing more.
    if (end !== undefined) return [{ what: visible(end.outcome), name }];
    // It was most likely not pushed yet.
    const isUnheard = images.some(({ image, state }) => image === one.image && state === 'unknown');
    return isUnheard ? [{ what: 'not reported by any region', name }] : lacksOf(one, images);
  });
  const groups = [...Map.groupBy(lacks, ({ what }) => what)];
  const rest = groups.slice(maxGroups).reduce((sum, [, together]) => sum + together.length, 0);
  const texts = groups
    .slice(0, maxGroups)
    .map(([what, together]) => `${namesText(together.map(({ name }) => name))} ${what}`);
  return [...texts, ...(rest === 0 ? [] : [`${rest} more incomplete`])].join('; ');
}

/** Which regions lack which images, in one sentence. */
export function releaseHeadline(document: ReleaseDocument): string {
  const { satisfied, images, ended } = document;
  if (satisfied) {
    const all = images.length === 1 ? 'Its one image is' : `All ${images.length} images are`;
    return `${all} where ${images.length === 1 ? 'it' : 'they'} must be.`;
  }
  const { complete, of, incomplete } = progressOf(document);
  return [
    `${complete} of ${plural(of, 'image')} complete${incomplete === '' ? '' : `: ${incomplete}`}.`,
    ...unlistedPlatforms(document),
    ...(ended.length === 0 && !images.some(isLeaving) ? [] : ['What is deleted comes only if it is pushed again.']),
  ].join(' ');
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
  readonly name: string;
  /** `missing in uksouth`, `with no signature in uksouth`, `deleted` */
  readonly what: string;
}

/** What one image lacks, with the regions that lack the same together. */
function lacksOf({ image, regions }: ReleaseDocument['missing'][number], images: ReleaseDocument['images']): Lack[] {
  const document = images.find((one) => one.image === image);
  if (document !== undefined && isLeaving(document))
    return [{ name: tagged(image, images), what: leavingText(document) }];
  const shortfall = (region: string) => {
    if (document === undefined) return 'missing';
    const short = shortfallIn(document, region);
    return short === undefined ? `missing ${partsMissingIn(document, region)}`.trim() : `with ${short}`;
  };
  return [...Map.groupBy(regions, shortfall)].map(([what, together]) => ({
    what: `${what} in ${namesText(together)}`,
    name:
      document !== undefined && what.startsWith('with another ') ? visible(document.repository) : tagged(image, images),
  }));
}

/** `being deleted: deleted in 7 regions, still in 5` */
function leavingText({ regions }: AvailabilityDocument): string {
  const deleted = regions.filter(({ state }) => state === 'deleted').length;
  const left = regions.filter(({ state }) => state === 'available' || state === 'unverified').length;
  return `being deleted: deleted in ${plural(deleted, 'region')}, still in ${left}`;
}

/** By the tag in the release, where it has one. */
function tagged(image: string, images: ReleaseDocument['images']): string {
  const document = images.find((one) => one.image === image);
  const tag = document?.tag?.name;
  return document === undefined || tag === undefined
    ? shortReference(image)
    : `${visible(document.repository)}:${visible(tag)}`;
}
