/**
 * Restricts an index to the members that are needed to run certain platforms. A platform that the index does not list counts as
 * available nowhere, since it cannot be pulled from any region.
 */
import { isIndexType } from '../model/media-types.ts';
import type { Parsed } from '../runtime/parsed.ts';
import { parsed, problem, quote } from '../runtime/parsed.ts';
import { splitList, unreadOf } from '../runtime/text-list.ts';
import type { Member } from './family.ts';
import type { ImageRecord } from './record.ts';

/** Sorted, so that requests for the same platforms share one question. */
export function parsePlatforms(text: string | undefined): Parsed<readonly string[]> {
  const asked = [...new Set(splitList(text ?? ''))].sort();
  const isRead = (one: string) => /^[a-z0-9]{1,32}\/[a-z0-9_]{1,32}(\/[a-z0-9.]{1,32})?$/.test(one);
  const unread = unreadOf(text, asked, isRead);
  if (unread === undefined) return parsed(asked);
  return problem('platforms', `must be platforms such as linux/arm64 (got ${quote(unread)})`);
}

/** `linux/arm64` matches any variant of it. */
function isOf(platform: string, { platform: listed }: Member): boolean {
  return listed === platform || listed?.startsWith(`${platform}/`) === true;
}

/**
 * The record with only the members that these platforms need; unchanged if it is not an index.
 * @returns `undefined` if the index does not list one of them, or its members are not known
 */
export function narrowToPlatforms(
  record: ImageRecord | undefined,
  platforms: readonly string[],
): ImageRecord | undefined {
  const { family } = record ?? {};
  if (record === undefined || platforms.length === 0) return record;
  // Without a known media type it may be an index.
  if (family?.members == null) return record.mediaType === null || isIndexType(record.mediaType) ? undefined : record;
  if (!platforms.every((platform) => family.members?.some((member) => isOf(platform, member)))) return undefined;
  // A nested index has no platform. It is needed to reach the manifests that it lists.
  const isNeeded = (member: Member) =>
    member.kind === 'platform' && (member.platform === null || platforms.some((platform) => isOf(platform, member)));
  return { ...record, family: { ...family, members: family.members.filter(isNeeded) } };
}
