/** One row of the list in words: its progress, its diverged tags, and the regions that delay it. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import { absentText, groupAbsent } from './absent.ts';
import { arrivalSpan } from './arrival-times.ts';
import { formatSeconds, plural, shortDigest, visible } from './format.ts';
import { cellKind } from './region-state.ts';
import { answerOf } from './shortfall.ts';

/** A tag that regions resolve to different digests. */
export interface DivergedTag {
  readonly tag: string;
  /** The regions that resolve it to another digest than this image's. */
  readonly regions: readonly string[];
}

/** Up to three names, or two and the number of the others. */
export function namesText(names: readonly string[]): string {
  const named = names.slice(0, names.length > 3 ? 2 : 3).map(visible);
  const rest = names.length - named.length;
  return `${named.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
}

/** Regions that delay the image, for rows whose cells are only marks. */
export function delayedText(document: Pick<AvailabilityDocument, 'state' | 'delayed' | 'regions' | 'members'>): string {
  const delayed = document.regions.filter((region) => cellKind(region, document) === 'delayed');
  return groupAbsent(
    document,
    delayed.map(({ region }) => region),
  )
    .map(absentText)
    .join('; ');
}

/** `prod: another digest in australiaeast` */
export function divergedText(tags: readonly DivergedTag[]): string {
  const texts = tags.map(({ tag, regions }) =>
    regions.length === 0
      ? `${visible(tag)}: not the same everywhere`
      : `${visible(tag)}: another digest in ${namesText(regions)}`,
  );
  return texts.slice(0, 2).join('; ') + (texts.length > 2 ? ` and ${plural(texts.length - 2, 'more tag')}` : '');
}

/** All of it, for a tool tip. */
export function divergedTip(tags: readonly DivergedTag[]): string {
  return tags.map(({ tag, regions }) => [visible(tag), ...regions.map(visible)].join(', ')).join('; ');
}

/** `linux/arm64 of the index sha256:e46f7d74…` */
export function partText({ index, platform }: { readonly index: string; readonly platform: string | null }): string {
  return `${platform === null ? 'part' : visible(platform)} of the index ${shortDigest(index)}`;
}

/** How many regions have what was asked for, or how long it took. */
export function stateNote(document: AvailabilityDocument): string {
  const { state, requirement } = document;
  if (state === 'deleted' || state === 'unknown') return '';
  if (state === 'deleting') return `still in ${requirement.have} of ${requirement.needed}`;
  if (answerOf(document).words !== 'available') return `${requirement.have} of ${requirement.needed}`;
  const span = arrivalSpan(document);
  return span === undefined ? '' : `in ${span.isAtMost ? 'at most ' : ''}${formatSeconds(span.seconds)}`;
}

/** When the last region deleted it, ISO 8601; `null` unless it is deleted. */
export function deletedAt({ state, regions }: Pick<AvailabilityDocument, 'state' | 'regions'>): string | null {
  if (state !== 'deleted') return null;
  const times = regions.flatMap((region) =>
    region.state === 'deleted' && region.since !== null ? [region.since] : [],
  );
  return times.sort().at(-1) ?? null;
}
