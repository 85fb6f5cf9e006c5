/**
 * What a manifest is made of: the children of an index, the config and layers of an image. It is read strictly. A part
 * that was overlooked here would never be looked for, and an image without it would be called whole.
 * Shapes: OCI image specification, and Docker's manifest and manifest list, version 2.
 */
import type { Digest } from '../../core/digest.ts';
import { parseDigest } from '../../core/digest.ts';

export interface Part {
  readonly kind: 'manifest' | 'blob';
  readonly digest: Digest;
}

/** More than any image has; a document that lists more is not worth the requests. */
export const mostParts = 2_000;

const indexTypes = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);
const imageTypes = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);

/** `Content-Type` without its parameters; `undefined` where it is not a media type. */
export function mediaTypeOf(contentType: string | null): string | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return type.length <= 127 && /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : undefined;
}

/**
 * @param mediaType as the registry announced it
 * @returns what has to be there as well, or why that cannot be told
 */
export function partsOf(body: Buffer, mediaType: string | undefined): readonly Part[] | { readonly reason: string } {
  const manifest = parseObject(body);
  if (manifest === undefined) return { reason: 'a manifest that is not JSON' };
  // One document read as an index by some and as an image by others would hide half of its parts.
  if (manifest.mediaType !== undefined && manifest.mediaType !== mediaType) {
    return { reason: 'a manifest that calls itself something else' };
  }
  if (mediaType !== undefined && indexTypes.has(mediaType) && manifest.layers === undefined) {
    return collect(manifest.manifests, toChild);
  }
  if (mediaType !== undefined && imageTypes.has(mediaType) && manifest.manifests === undefined) {
    if (!Array.isArray(manifest.layers)) return { reason: 'a manifest without layers' };
    return collect([manifest.config, ...manifest.layers], toBlob);
  }
  return { reason: 'a manifest of a kind not understood' };
}

type Document = Readonly<Record<string, unknown>>;

function collect(descriptors: unknown, toPart: (descriptor: Document) => Part | 'skip' | undefined) {
  if (!Array.isArray(descriptors)) return { reason: 'an index without manifests' };
  if (descriptors.length > mostParts) return { reason: `more than ${mostParts} parts` };
  const parts: Part[] = [];
  for (const descriptor of descriptors) {
    const part = isObject(descriptor) ? toPart(descriptor) : undefined;
    if (part === undefined) return { reason: 'a manifest with a part not understood' };
    if (part !== 'skip') parts.push(part);
  }
  return parts;
}

/** Build caches are indexes too, and list layers and configs where others list manifests. */
function toChild({ mediaType, digest }: Document): Part | undefined {
  const parsed = parseDigest(digest);
  if (parsed === undefined) return undefined;
  const type = String(mediaType ?? 'application/vnd.oci.image.manifest.v1+json');
  if (indexTypes.has(type) || imageTypes.has(type)) return { kind: 'manifest', digest: parsed };
  // A manifest of another kind would be refused for its type, and look absent.
  return /manifest|index/i.test(type) ? undefined : { kind: 'blob', digest: parsed };
}

/** Layers that must not be distributed are pulled from the addresses beside them, never from the registry. */
function toBlob({ mediaType, digest, urls }: Document): Part | 'skip' | undefined {
  const isElsewhere = /\.foreign\.|\.nondistributable\./.test(String(mediaType));
  if (isElsewhere && Array.isArray(urls) && urls.length > 0) return 'skip';
  const parsed = parseDigest(digest);
  return parsed === undefined ? undefined : { kind: 'blob', digest: parsed };
}

function parseObject(body: Buffer): Document | undefined {
  try {
    const document: unknown = JSON.parse(body.toString());
    return isObject(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
