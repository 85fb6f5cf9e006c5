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
  const names = reply.body.images.filter(isFields).flatMap((known) => {
    const name = readText(known.repository) ?? '';
    return tag === undefined ? [name] : (readTexts(known.tags) ?? []).map((one) => `${name}:${one}`);
  });
  const asked = tag === undefined ? repository : `${repository}:${tag}`;
  return [...new Set(names)]
    .map((name) => ({ name, changes: changesBetween(asked, name) }))
    .filter(({ changes }) => changes <= asked.length / 2)
    .sort((a, b) => a.changes - b.changes)
    .slice(0, maxNames)
    .map(({ name }) => name);
}
