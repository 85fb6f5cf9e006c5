/**
 * Checks whether everything below a manifest is present: the children of an index, and each image's config and layers.
 * A replica can hold an index before its children, or a manifest before its blobs; pulls then fail although the digest
 * is present. Goes level by level, a few requests at a time, within fixed limits.
 */
import type { Digest } from '../../core/model/digest.ts';
import type { Clock } from '../../core/ports.ts';
import type { Manifest } from './fetch-manifest.ts';
import { fetchManifest } from './fetch-manifest.ts';
import type { Unclear } from './http.ts';
import { unclear, unclearImage, unclearStatus } from './http.ts';
import type { Part } from './manifest.ts';
import { maxParts, partsOf } from './manifest.ts';
import { mediaTypeOf } from './manifest-types.ts';
import { isFromRegistry, readNotFound } from './not-found.ts';
import type { Replica } from './replica.ts';

/** An index in an index, an image, its blobs, and one to spare. */
const maxLevels = 5;
const atATime = 4;
const maxMs = 60_000;

/** One missing part decides the answer, also where others were unclear. */
export async function probeBelow(
  root: Manifest,
  replica: Replica,
  clock: Clock,
): Promise<'whole' | 'broken' | Unclear> {
  const giveUpAt = clock.now() + maxMs;
  const seen = new Set<string>([root.digest]);
  let level = partsOf(root.body, root.mediaType);
  for (let depth = 0; depth < maxLevels; depth++) {
    if ('reason' in level) return unclearImage(level.reason);
    const unseen = level.filter(({ digest }) => !seen.has(digest) && seen.add(digest));
    if (unseen.length === 0) return 'whole';
    if (seen.size > maxParts) return unclearImage(`more than ${maxParts} parts`);
    const below = await probeAll(unseen, async (part) => {
      if (clock.now() > giveUpAt) return unclear(`not done within ${maxMs / 1000} s`);
      return probePart(part, replica, clock);
    });
    if (below === 'broken' || 'kind' in below) return below;
    level = below;
  }
  return unclearImage('an index nested too deeply');
}

type ProbePart = (part: Part) => Promise<readonly Part[] | 'broken' | Unclear>;

async function probeAll(parts: readonly Part[], probe: ProbePart): Promise<readonly Part[] | 'broken' | Unclear> {
  const queue = parts.values();
  const below: Part[] = [];
  let decided: 'broken' | Unclear | undefined;
  const worker = async () => {
    for (const part of queue) {
      if (decided !== undefined) return;
      const found = await probe(part);
      if (found === 'broken') decided = found;
      else if ('kind' in found) decided ??= found;
      else below.push(...found);
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return decided ?? below;
}

async function probePart(part: Part, replica: Replica, clock: Clock): ReturnType<ProbePart> {
  if (part.kind === 'manifest') return probeManifest(part.digest, part.mediaType, replica, clock);
  const asBlob = await probeBlob(part.digest, replica, clock);
  const isThere = asBlob !== 'broken' && !('kind' in asBlob);
  if (isThere || part.kind === 'blob') return asBlob;
  const asManifest = await probeManifest(part.digest, part.mediaType, replica, clock);
  return asManifest === 'broken' ? asBlob : asManifest;
}

async function probeManifest(digest: Digest, mediaType: string, replica: Replica, clock: Clock): ReturnType<ProbePart> {
  const manifest = await fetchManifest(replica, digest, [mediaType], clock);
  if (manifest.kind === 'absent') return 'broken';
  if (manifest.kind === 'unclear') return { ...manifest, reason: `${manifest.reason}, of a child` };
  const parts = partsOf(manifest.body, manifest.mediaType);
  return 'reason' in parts ? unclearImage(`${parts.reason}, in a child`) : parts;
}

/** The registry redirects to its blob storage; the redirect proves that it has the blob. */
async function probeBlob(digest: Digest, replica: Replica, clock: Clock): ReturnType<ProbePart> {
  let reply = await replica.ask('HEAD', `blobs/${digest}`);
  // An answer to HEAD has no error document, which would say who sent the 404.
  if (reply.kind === 'reply' && reply.status === 404 && !isFromRegistry(reply)) {
    reply = await replica.ask('GET', `blobs/${digest}`);
  }
  if (reply.kind === 'unclear') return { ...reply, reason: `${reply.reason}, for a blob` };
  if (reply.status === 404) {
    const found = readNotFound(reply, 'blob');
    return found.kind === 'absent' ? 'broken' : found;
  }
  if (reply.status !== 200 && reply.status !== 307) return unclearStatus(reply, 'blob', clock);
  // A proxy's sign-in page is 200 whatever was requested.
  return mediaTypeOf(reply.headers.get('content-type')) === 'text/html' ? unclear('a page instead of a blob') : [];
}
