/** The manifests that make up an image, in one sentence. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { MemberAvailability } from '../core/image/family-availability.ts';
import { plural } from './format.ts';
import { kindWord } from './words.ts';

export function familyLine({ members, membersKnown, mediaType, state }: AvailabilityDocument): string {
  if (state === 'unknown') return '';
  const isIndex = kindWord(mediaType) === 'multi-platform';
  if (members === null || !membersKnown) {
    return isIndex ? 'What this index lists could not be read: it counts by its own reports alone.' : '';
  }
  const count = (kind: MemberAvailability['kind']) => members.filter((one) => one.kind === kind).length;
  const counts = [
    [count('platform'), 'platform'],
    [count('attestation'), 'attestation'],
    [count('artifact'), 'attached artifact'],
  ] as const;
  const named = counts.flatMap(([number, word]) => (number === 0 ? [] : [plural(number, word)]));
  const there = named.length === 0 ? '' : `${named.join(', ')}. `;
  const lacking = members.filter(({ missing }) => missing.length > 0).length;
  if (lacking > 0) return `${there}${plural(lacking, 'of them is', 'of them are')} missing somewhere.`;
  if (named.length > 0) return `${there}A region has this image once it has all of them.`;
  return isIndex ? 'This index lists nothing.' : 'A single manifest: no other platforms.';
}
