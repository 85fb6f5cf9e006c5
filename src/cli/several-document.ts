/** The fields of the answer about several images that a command reads. */
import type { Waiting } from '../core/image/wait-words.ts';
import { countImages as countOf, describeImages } from '../core/image/wait-words.ts';
import type { Answer } from './document.ts';
import { readAnswer, readText } from './document.ts';
import { missingWords } from './region-words.ts';
import type { Fields } from './tracker-reply.ts';
import { isFields } from './tracker-reply.ts';
import type { SeveralRequest } from './wait-request.ts';

export interface SeveralAnswer {
  /** As received, cleaned for printing. */
  readonly document: Fields;
  readonly state: string;
  /** In the order of the request, each once. */
  readonly images: readonly Answer[];
  /** Those that can no longer become available, in the order of the request. */
  readonly ended: readonly Ended[];
}

export interface Ended {
  /** With its digest. */
  readonly image: string;
  readonly outcome: string;
}

/** @returns `undefined` when this is no such document */
export function readSeveral(document: Fields): SeveralAnswer | undefined {
  const state = readText(document.state);
  if (state === undefined || !Array.isArray(document.images)) return undefined;
  const images = document.images.filter(isFields).flatMap((one) => readAnswer(one) ?? []);
  if (images.length === 0 || images.length < document.images.length) return undefined;
  const ended = Array.isArray(document.ended) ? document.ended.filter(isFields) : [];
  return { document, state, images, ended: ended.flatMap(readEnded) };
}

function readEnded({ image, outcome }: Fields): Ended[] {
  const [name, how] = [readText(image), readText(outcome)];
  return name === undefined || how === undefined ? [] : [{ image: name, outcome: how }];
}

/**
 * Short names for a table: without the registry if all images have the same, and with the tag if the request named one.
 * @returns the name of each image
 */
export function labeller(images: readonly Answer[]): (answer: Answer) => string {
  const isOfOne = new Set(images.map(registryOf)).size <= 1;
  return (answer) => (isOfOne ? labelOf(answer) : `${registryOf(answer)}/${labelOf(answer)}`);
}

function registryOf({ document, image }: Answer): string {
  return readText(document.registry) ?? image.slice(0, image.indexOf('/'));
}

function labelOf({ document, image, tag, digest }: Answer): string {
  const repository = readText(document.repository) ?? image.slice(image.indexOf('/') + 1).replace(/[:@].*$/, '');
  if (tag !== undefined) return `${repository}:${tag.name}`;
  if (digest === undefined) return image.slice(image.indexOf('/') + 1);
  return `${repository}@${digest.slice(0, 'sha256:'.length + 12)}`;
}

/** Used before the first answer. */
export function nameRequest({ release, images }: Pick<SeveralRequest, 'release' | 'images'>): string {
  return release === undefined ? `${images.length} images` : `release ${release}`;
}

/** `2 of 3 images`. */
export function countImages({ images }: SeveralAnswer): string {
  return countOf(images.filter(({ satisfied }) => satisfied).length, images.length);
}

/** `2 of 3 images are where they must be; missing: team/b:1 (westeurope)`. */
export function describeTogether({ images }: SeveralAnswer): string {
  return describeImages(images.length, waitingOf(images));
}

function waitingOf(images: readonly Answer[]): Waiting[] {
  const label = labeller(images);
  return images
    .filter(({ satisfied }) => !satisfied)
    .map((answer) => ({ name: label(answer), missing: missingWords(answer) }));
}
