/**
 * Whether everything below a manifest is there as well: the children of an index, and of each image its config and
 * layers. A replica can hold an index before its children, or a manifest before its blobs; pulls then fail although the
 * digest is "there". Level by level, a few requests at a time, everything bounded.
 */
import type { Clock } from '../../core/ports.ts';
import type { Manifest } from './fetch-manifest.ts';
import { fetchManifest } from './fetch-manifest.ts';
import type { Unclear } from './http.ts';
import { unclear, unclearStatus } from './http.ts';
import type { Part } from './manifest.ts';
import { mostParts, partsOf } from './manifest.ts';
import type { Replica } from './replica.ts';

/** An index in an index, an image, its blobs, and one to spare. */
const mostLevels = 5;
const atATime = 4;
const longestMs = 60_000;

/** One part that is missing settles it, whatever could not be told about others. */
export async function lookBelow(root: Manifest, replica: Replica, clock: Clock): Promise<'whole' | 'broken' | Unclear> {
  const giveUpAt = clock.now() + longestMs;
  const seen = new Set<string>([root.digest]);
  let level = partsOf(root.body, root.mediaType);
  for (let depth = 0; depth < mostLevels; depth++) {
    if ('reason' in level) return unclear(level.reason);
    const unseen = level.filter(({ digest }) => !seen.has(digest) && seen.add(digest));
    if (unseen.length === 0) return 'whole';
    if (seen.size > mostParts) return unclear(`more than ${mostParts} parts`);
    const below = await lookAtAll(unseen, async (part) => {
      if (clock.now() > giveUpAt) return unclear(`not done within ${longestMs / 1000} s`);
      return part.kind === 'blob' ? lookAtBlob(part, replica, clock) : lookAtManifest(part, replica, clock);
    });
    if (below === 'broken' || 'kind' in below) return below;
    level = below;
  }
  return unclear('an index nested too deeply');
}

type Look = (part: Part) => Promise<readonly Part[] | 'broken' | Unclear>;

async function lookAtAll(parts: readonly Part[], look: Look): Promise<readonly Part[] | 'broken' | Unclear> {
  const queue = parts.values();
  const below: Part[] = [];
  let settled: 'broken' | Unclear | undefined;
  const worker = async () => {
    for (const part of queue) {
      if (settled !== undefined) return;
      const found = await look(part);
      if (found === 'broken') settled = found;
      else if ('kind' in found) settled ??= found;
      else below.push(...found);
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return settled ?? below;
}

async function lookAtManifest(part: Part, replica: Replica, clock: Clock): ReturnType<Look> {
  const manifest = await fetchManifest(replica, part.digest, clock);
  if (manifest.kind === 'absent') return 'broken';
  if (manifest.kind === 'unclear') return { ...manifest, reason: `${manifest.reason}, of a child` };
  const parts = partsOf(manifest.body, manifest.mediaType);
  return 'reason' in parts ? unclear(`${parts.reason}, in a child`) : parts;
}

/** The registry keeps blobs elsewhere and redirects to them; that it knows where is the answer. */
async function lookAtBlob(part: Part, replica: Replica, clock: Clock): ReturnType<Look> {
  const reply = await replica.ask('HEAD', `blobs/${part.digest}`);
  if (reply.kind === 'unclear') return { ...reply, reason: `${reply.reason}, for a blob` };
  if (reply.status === 404) return 'broken';
  return reply.status === 200 || reply.status === 307 ? [] : unclearStatus(reply, 'blob', clock);
}
