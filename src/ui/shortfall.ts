/** What an available image lacks of what was asked for: an artifact in some region, or the tag in some region. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { visible } from './format.ts';
import { shownState } from './words.ts';

/**
 * What the region has instead of what was asked for: `no signature`, `another prod`, `no prod`; `undefined` if it lacks
 * nothing, or the image.
 */
export function shortfallIn(document: AvailabilityDocument, region: string): string | undefined {
  const isThere = document.regions.some((one) => one.region === region && one.state === 'available');
  if (!isThere || !document.missing.some((one) => one === region)) return undefined;
  const kinds = lackedKinds(document, region);
  if (kinds.length > 0) return `no ${kinds.join(', no ')}`;
  const { tag } = document;
  if (tag === undefined) return 'not all';
  const isElsewhere = tag.regions.some((one) => one.region === region);
  return `${isElsewhere ? 'another' : 'no'} ${visible(tag.name)}`;
}

/** The required kinds of artifact that this region lacks, or any region. */
export function lackedKinds({ artifacts = [] }: AvailabilityDocument, region?: string): string[] {
  return artifacts
    .filter(({ missing }) => (region === undefined ? missing.length > 0 : missing.some((one) => one === region)))
    .map(({ kind }) => visible(kind));
}

export interface Answer {
  /** How it looks: a state of images, or of tags. */
  readonly look: string;
  readonly words: string;
}

/** The state of the image, unless it is available and what was asked for is not, or the other way round. */
export function answerOf(document: AvailabilityDocument): Answer {
  const state = shownState(document);
  const isShort =
    state === 'available' &&
    !document.satisfied &&
    document.missing.some((region) => shortfallIn(document, region) !== undefined);
  const isEnough = document.state === 'replicating' && document.satisfied && document.missing.length === 0;
  if (isEnough) return { look: 'available', words: 'available' };
  if (!isShort) return { look: state, words: state };
  const kinds = lackedKinds(document);
  if (kinds.length > 0) return { look: 'replicating', words: `${kinds.join(', ')} missing` };
  const words = document.tag?.state ?? 'incomplete';
  return { look: words === 'diverged' ? words : 'replicating', words };
}
