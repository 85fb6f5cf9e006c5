/**
 * Search for images: by a part of a repository's name or of a tag, by the first digits of a digest, or by a whole reference in any
 * form.
 */

import type { ImageRecord } from '../image/record.ts';
import { tagsToShow } from '../image/record.ts';
import type { Digest } from '../model/digest.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByHost } from '../model/registry.ts';
import type { ImageLists, ListEntry } from '../store/ports.ts';
import type { CatalogueStore } from './ports.ts';

/** All that are given must match; `any` matches a repository, a tag or a digest. */
export interface Search {
  readonly any: string | undefined;
  readonly repository: string | undefined;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

export const maxSearchLength = 500;

/** @returns `undefined` for a text that cannot be part of any name */
export function parseSearch(text: string, registry: Registry): Search | undefined {
  const plain = withoutCommand(text.trim())
    .replace(/^[a-z]+:\/\//i, '')
    // A digest as pages and terminals shorten it.
    .replace(/(?:…|\.{3})$/, '');
  if (plain === '' || plain.length > maxSearchLength || /[^\w.\-/:@]/.test(plain)) return undefined;
  const slash = plain.indexOf('/');
  const isHost = slash > 0 && findRegistryByHost([registry], plain.slice(0, slash)) !== undefined;
  const path = isHost ? plain.slice(slash + 1) : plain;
  const none = { any: undefined, repository: undefined, tag: undefined, digest: undefined };
  const [named = '', pinned] = path.split('@');
  const digest = pinned === undefined ? undefined : digestStart(pinned.toLowerCase());
  if (pinned !== undefined && digest === undefined && pinned !== 'sha256:' && pinned !== '') return undefined;
  if (named.startsWith('sha256:')) return { ...none, digest: digestStart(named.toLowerCase()) };
  const colon = named.indexOf(':');
  if (colon >= 0) {
    const [repository, tag] = [named.slice(0, colon).toLowerCase(), named.slice(colon + 1).toLowerCase()];
    return { ...none, repository: repository || undefined, tag: tag || undefined, digest };
  }
  if (isHost || pinned !== undefined) return { ...none, repository: named.toLowerCase() || undefined, digest };
  return { ...none, any: named.toLowerCase() };
}

/** `docker pull team/app:v1` is pasted whole, with its options: the reference comes last. */
function withoutCommand(text: string): string {
  const isCommand = /^(?:docker|podman|nerdctl|crictl|ctr|crane|oras|skopeo|cosign|regctl)\s/.test(text);
  return isCommand ? (text.split(/\s+/).at(-1) ?? '') : text;
}

export function isFound({ name, ...record }: ImageRecord, search: Search): boolean {
  const tags = tagsToShow({ name, ...record }).map((tag) => tag.toLowerCase());
  const inTag = (part: string) => tags.some((tag) => tag.includes(part));
  const { any, repository, tag, digest } = search;
  if (repository !== undefined && !name.repository.includes(repository)) return false;
  if (tag !== undefined && !inTag(tag)) return false;
  if (digest !== undefined && !hasDigestStart(name.digest, digest)) return false;
  if (any === undefined) return true;
  const start = digestStart(any);
  return name.repository.includes(any) || inTag(any) || (start !== undefined && hasDigestStart(name.digest, start));
}

/** Up to so many results are sorted at once. With more results, each page of a sorted list has enough of them. */
export const maxFound = 300;
const maxRepositories = 20;

/**
 * All images that may match.
 * @returns `undefined` if there are more than can be sorted at once
 */
export async function findImages(
  lists: ImageLists,
  catalogue: CatalogueStore,
  registry: string,
  search: Search,
): Promise<readonly ListEntry[] | undefined> {
  const limit = maxFound + 1;
  const { any } = search;
  const byRepository = async (part: string) => {
    const repositories = await catalogue.repositories(registry, part, maxRepositories + 1);
    if (repositories.length > maxRepositories) return undefined;
    const found = await Promise.all(
      repositories.map((repository) => lists.page({ registry, list: 'all', repository, limit })),
    );
    return found.flatMap(({ entries }) => entries);
  };
  const byTag = async (part: string) => {
    const found = await catalogue.byTag(registry, part, 'anywhere', limit);
    // With too many results, `app:v1` means only tags that end with `v1`.
    const isWhole = search.repository !== undefined && found.length > maxFound;
    return isWhole ? catalogue.byTag(registry, part, 'end', limit) : found;
  };
  // The most specific part is enough, since each result is checked against the whole search.
  const start = search.digest ?? (any === undefined ? undefined : digestStart(any));
  const sources = [];
  if (start !== undefined) sources.push(catalogue.byDigest(registry, start, limit));
  if (search.digest === undefined) {
    const tag = search.tag ?? any;
    if (tag !== undefined) sources.push(byTag(tag));
    const repository = search.tag === undefined ? (search.repository ?? any) : undefined;
    if (repository !== undefined) sources.push(byRepository(repository));
  }
  if (sources.length === 0) return undefined;
  const found = await Promise.all(sources);
  if (found.some((some) => some === undefined || some.length > maxFound)) return undefined;
  const each = new Map(found.flatMap((some) => some ?? []).map((entry) => [keyOf(entry), entry]));
  return each.size > maxFound ? undefined : [...each.values()];
}

function keyOf({ name, firstSeenAt }: ListEntry): string {
  return `${firstSeenAt} ${name.repository}@${name.digest}`;
}

/** The hex digits, with or without `sha256:` before them; `undefined` if no digest starts with the text. */
function digestStart(text: string): string | undefined {
  const [, digits] = /^(?:sha256:)?([0-9a-f]{0,64})$/.exec(text) ?? [];
  return digits === undefined || digits === '' ? undefined : digits;
}

function hasDigestStart(digest: Digest, digits: string): boolean {
  return digest.startsWith(`sha256:${digits}`);
}
