/**
 * Which members of an index somebody waits for who runs some of its platforms alone. A platform that the index does not list
 * is nowhere: whoever runs it could not pull it from any region.
 */
import { isIndexType } from '../model/media-types.ts';
import type { Parsed } from '../runtime/parsed.ts';
import { parsed, problem, quote } from '../runtime/parsed.ts';
import { splitList, unreadOf } from '../runtime/text-list.ts';
import type { Member } from './family.ts';
import type { ImageRecord } from './record.ts';

/** In an order of their own, so that whoever asks for the same asks one question. */
export function parsePlatforms(text: string | undefined): Parsed<readonly string[]> {
  const asked = [...new Set(splitList(text ?? ''))].sort();
  const isRead = (one: string) => /^[a-z0-9]{1,32}\/[a-z0-9_]{1,32}(\/[a-z0-9.]{1,32})?$/.test(one);
  const unread = unreadOf(text, asked, isRead);
  if (unread === undefined) return parsed(asked);
  return problem('platforms', `must be platforms such as linux/arm64 (got ${quote(unread)})`);
}

/** `linux/arm64` is any variant of it. */
function isOf(platform: string, { platform: listed }: Member): boolean {
  return listed === platform || listed?.startsWith(`${platform}/`) === true;
}

/**
 * The record as far as these platforms go; unchanged for what is no index.
 * @returns `undefined` where the index does not list one of them, or nobody knows what it lists
 */
export function narrowed(record: ImageRecord | undefined, platforms: readonly string[]): ImageRecord | undefined {
  const { family } = record ?? {};
  if (record === undefined || platforms.length === 0) return record;
  // Of what type a manifest is that nobody has named the type of, nobody knows.
  if (family?.members == null) return record.mediaType === null || isIndexType(record.mediaType) ? undefined : record;
  if (!platforms.every((platform) => family.members?.some((member) => isOf(platform, member)))) return undefined;
  // An index in an index names no platform, and is needed to get to them.
  const isNeeded = (member: Member) =>
    member.kind === 'platform' && (member.platform === null || platforms.some((platform) => isOf(platform, member)));
  return { ...record, family: { ...family, members: family.members.filter(isNeeded) } };
}
