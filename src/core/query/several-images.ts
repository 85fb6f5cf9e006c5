/**
 * One answer about several images. A deployment needs several, and a loop over single answers ends at the first one that is
 * missing, or after the sum of all timeouts.
 */

import type { AvailabilityDocument } from '../image/availability.ts';
import type { ImageState } from '../image/state.ts';
import { formatReference } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import { sortRegions } from '../model/region.ts';
import type { Requirement } from '../model/requirement.ts';
import { splitWithGaps } from '../runtime/text-list.ts';
import type { Asked, WaitOutcome, WaitResult } from './ask.ts';

export interface SeveralDocument {
  /** Every image satisfies its requirement. */
  readonly satisfied: boolean;
  /** The state of the image that is least advanced. */
  readonly state: ImageState;
  /** The regions of all images together. How many are needed and have it is in each image's own document. */
  readonly requirement: { readonly regions: readonly Region[]; readonly require: Requirement['require'] };
  /** Images that some required region lacks. */
  readonly missing: readonly { readonly image: string; readonly regions: readonly Region[] }[];
  /** Images that are deleted or superseded now. */
  readonly ended: readonly { readonly image: string; readonly outcome: 'deleted' | 'superseded' }[];
  /** In the order asked, without repeats. */
  readonly images: readonly AvailabilityDocument[];
}

export interface SeveralResult {
  readonly isFinal: boolean;
  readonly outcome: WaitOutcome;
  readonly document: SeveralDocument;
}

export const maxImages = 100;
/** References in one question, with repeats. */
export const maxReferences = 1_000;

/** The least advanced first. A deleted image comes back only if it is pushed again. */
const byAdvance: readonly ImageState[] = ['deleted', 'unknown', 'deleting', 'replicating', 'available'];
/** The outcome of all is the first of these that any image has. */
const byWeight: readonly WaitOutcome[] = ['deleted', 'superseded', 'waiting'];

/** @param images a list, or one text with references separated by commas or white space, which no reference contains */
export function splitImages(images: string | readonly string[]): readonly string[] {
  if (typeof images !== 'string') return images.map((image) => image.trim());
  return splitWithGaps(images).flatMap((entry) => entry.split(/\s+/));
}

/** Drops questions about the same image, even if they named it differently; keeps the first. */
export function withoutRepeats(asked: readonly Asked[]): Asked[] {
  const first = new Map<string, Asked>();
  for (const one of asked) {
    const key = formatReference({ ...one.question, registry: one.question.registry.name });
    if (!first.has(key)) first.set(key, one);
  }
  return [...first.values()];
}

/** @param results at least one, in the order asked */
export function joinResults(results: readonly WaitResult[]): SeveralResult {
  const documents = results.map(({ document }) => document);
  const [first] = documents;
  if (first === undefined) throw new Error('a question names at least one image');
  // The outcome is that of the images that ended the wait, not of one that was deleted only a moment ago.
  const final = results.filter(({ isFinal }) => isFinal);
  const weighed = final.length > 0 ? final : results;
  const outcome = byWeight.find((one) => weighed.some((result) => result.outcome === one)) ?? 'satisfied';
  return {
    outcome,
    isFinal: final.length > 0,
    document: {
      satisfied: outcome === 'satisfied',
      state: byAdvance.find((state) => documents.some((document) => document.state === state)) ?? first.state,
      requirement: {
        regions: sortRegions(documents.flatMap(({ requirement }) => requirement.regions)),
        require: first.requirement.require,
      },
      missing: documents
        .filter(({ missing }) => missing.length > 0)
        .map(({ image, missing }) => ({ image, regions: missing })),
      ended: results.flatMap(({ outcome: one, document: { image } }) =>
        one === 'deleted' || one === 'superseded' ? [{ image, outcome: one }] : [],
      ),
      images: documents,
    },
  };
}
