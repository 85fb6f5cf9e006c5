/** Suggests names for an image that no region has reported: similar names in the registry. */

import { parseReference } from '../core/model/reference.ts';
import { changesBetween } from '../core/runtime/nearest.ts';
import { readText, readTexts } from './document.ts';
import type { TrackerClient } from './tracker-client.ts';
import { isFields } from './tracker-reply.ts';

const maxNames = 3;
/** Reads one page, the newest images. */
const maxImages = 500;
const limitMs = 5_000;

/** @returns the nearest first: `repository:tag`, or the repository alone where a digest was requested */
export async function nearestNames(image: string, client: TrackerClient): Promise<string[]> {
  const reference = parseReference(image);
  if (!reference.ok) return [];
  const { registry, repository, tag } = reference.value;
  const reply = await client.get('api/images', { registry, limit: String(maxImages) }, limitMs);
  if (!reply.ok || !Array.isArray(reply.body.images)) return [];
  const names = reply.body.images.filter(isFields).flatMap((known): { name: string; changes: number }[] => {
    const name = readText(known.repository) ?? '';
    const changes = repositoryChanges(repository, name);
    if (changes === undefined) return [];
    if (tag === undefined) return name === repository ? [] : [{ name, changes }];
    return (readTexts(known.tags) ?? [])
      .map((one) => ({ name: `${name}:${one}`, changes: changesBetween(tag, one) }))
      .filter((one) => name === repository || one.changes <= Math.max(1, tag.length / 3))
      .map((one) => ({ name: one.name, changes: one.changes + changes }));
  });
  names.sort((a, b) => a.changes - b.changes);
  return [...new Set(names.map(({ name }) => name))].slice(0, maxNames);
}

/**
 * A common beginning such as `team/` says nothing: only the parts of the path that differ are compared.
 * @returns the changes; `undefined` where the names are not alike
 */
function repositoryChanges(asked: string, known: string): number | undefined {
  if (asked === known) return 0;
  const [from, to] = [asked.split('/'), known.split('/')];
  // The same name in another folder.
  if (from.at(-1) === to.at(-1)) return 2;
  while (from.length > 1 && to.length > 1 && from[0] === to[0]) {
    from.shift();
    to.shift();
  }
  const changes = changesBetween(from.join('/'), to.join('/'));
  return changes <= Math.max(1, from.join('/').length / 4) ? changes : undefined;
}
