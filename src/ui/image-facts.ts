/** Facts and links of one image, beside its tables. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { Child } from './dom.ts';
import { make } from './dom.ts';
import { shortDigest, visible } from './format.ts';
import { formatHash, parseHash } from './hash-state.ts';
import { liveTime } from './live-times.ts';
import type { Parent } from './parents.ts';
import { kindOf } from './parents.ts';
import { sourceWord } from './words.ts';

export interface Moved {
  readonly name: string;
  readonly image: string;
  readonly digest: string;
}

export function movedTags(ofTags: readonly AvailabilityDocument[], digest: string | null): Moved[] {
  return ofTags.flatMap(({ tag, digest: newest, image }) =>
    tag?.regions.some((one) => one.digest === newest) && newest !== null && newest !== digest
      ? [{ name: tag.name, image, digest: newest }]
      : [],
  );
}

/** Links to the images that the tags point at by now. */
export function movedParts(moved: readonly Moved[]): Child[] {
  return moved.flatMap(({ name, image, digest }, place) => [
    `${place === 0 ? '' : ' · '}Newest image of ${visible(name)}: `,
    imageLink(image, make('code', { title: visible(digest) }, shortDigest(digest))),
  ]);
}

export function similarParts(images: readonly AvailabilityDocument[]): Child[] {
  const names = images.map(({ image, repository, tags: [tag], digest }) =>
    imageLink(image, visible(`${repository}${tag === undefined ? `@${shortDigest(digest ?? '')}` : `:${tag}`}`)),
  );
  return ['Images with such a name: ', ...names.flatMap((link, place) => (place === 0 ? [link] : [', ', link]))];
}

function imageLink(image: string, text: Child): HTMLElement {
  return make('a', { href: formatHash({ ...parseHash(''), screen: 'image', image }) }, text);
}

export function factsOf(document: AvailabilityDocument, parents: readonly Parent[], now: number): Child[] {
  const { firstSeenAt, availableAt, announcedAt, mediaType, digest, replicas } = document;
  const ago = (iso: string | null) => (iso === null ? undefined : liveTime('ago', iso, now));
  const type = mediaType === null ? undefined : visible(mediaType);
  const facts: [string, Child][] = [
    ['First seen', ago(firstSeenAt)],
    ['In every replica', ago(availableAt)],
    ['Event published', ago(announcedAt)],
    ['Kind', make('span', { title: type }, kindOf(document, parents))],
    ['Digest', digest === null ? undefined : make('code', { title: visible(digest) }, shortDigest(digest))],
    ['Region list', `${sourceWord(replicas.source)}${replicas.stale ? ', more than an hour old' : ''}`],
  ];
  return facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value ?? 'not yet')));
}
