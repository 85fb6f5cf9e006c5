/**
 * Lists the parts of a manifest: the children of an index, the config and layers of an image. It parses strictly: a
 * part that was overlooked here would never be probed, and an image without it would be reported complete.
 * Shapes: OCI image specification; Docker's manifests, version 2, and version 1 before it; ORAS and OCI artifact
 * manifests.
 */
import type { Digest } from '../../core/model/digest.ts';
import { parseDigest } from '../../core/model/digest.ts';
import { defaultManifestType, indexTypes, namesManifest } from '../../core/model/media-types.ts';
import { artifactTypes, imageTypes, schema1Types } from './manifest-types.ts';

export type Part =
  | { readonly kind: 'blob'; readonly digest: Digest }
  | {
      /** `either`: listed by an index under a media type that does not say whether it is a manifest or a blob. */
      readonly kind: 'manifest' | 'either';
      readonly digest: Digest;
      /** The media type in the index, to be sent as `Accept`. */
      readonly mediaType: string;
    };

/** More parts than any image has; a document that lists more is refused. */
export const maxParts = 2_000;

/**
 * @param mediaType the `Content-Type` that the registry sent
 * @returns the parts that must be present as well, or why they cannot be determined. A manifest of an unknown type has
 * none: only its own presence can be checked.
 */
export function partsOf(body: Buffer, mediaType: string | undefined): readonly Part[] | { readonly reason: string } {
  const manifest = parseObject(body);
  if (mediaType === undefined) return { reason: 'a manifest without a type' };
  if (manifest === undefined) return isUnderstood(mediaType) ? { reason: 'a manifest that is not JSON' } : [];
  // One client could read the document as an index and another as an image; either reading would miss half of its
  // parts.
  if (manifest.mediaType !== undefined && manifest.mediaType !== mediaType) {
    return { reason: 'a manifest that calls itself something else' };
  }
  if (indexTypes.has(mediaType)) {
    return manifest.layers === undefined ? collect(manifest.manifests, toChild) : { reason: 'an index with layers' };
  }
  if (imageTypes.has(mediaType)) {
    if (manifest.manifests !== undefined) return { reason: 'an image that lists manifests' };
    if (!Array.isArray(manifest.layers)) return { reason: 'a manifest without layers' };
    return collect([manifest.config, ...manifest.layers], toBlob);
  }
  if (artifactTypes.has(mediaType)) return collect(manifest.blobs ?? [], toBlob);
  if (schema1Types.has(mediaType)) return collect(manifest.fsLayers ?? [], toSchema1Layer);
  return [];
}

function isUnderstood(mediaType: string): boolean {
  return [indexTypes, imageTypes, artifactTypes, schema1Types].some((types) => types.has(mediaType));
}

type Document = Readonly<Record<string, unknown>>;

function collect(descriptors: unknown, toPart: (descriptor: Document) => Part | 'skip' | undefined) {
  if (!Array.isArray(descriptors)) return { reason: 'a manifest without a list of its parts' };
  if (descriptors.length > maxParts) return { reason: `more than ${maxParts} parts` };
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
  const type = String(mediaType ?? defaultManifestType);
  return { kind: namesManifest(type) ? 'manifest' : 'either', digest: parsed, mediaType: type };
}

/** Non-distributable layers are pulled from the URLs beside them, never from the registry. */
function toBlob({ mediaType, digest, urls }: Document): Part | 'skip' | undefined {
  const isElsewhere = /\.foreign\.|\.nondistributable\./.test(String(mediaType));
  if (isElsewhere && Array.isArray(urls) && urls.length > 0) return 'skip';
  const parsed = parseDigest(digest);
  return parsed === undefined ? undefined : { kind: 'blob', digest: parsed };
}

function toSchema1Layer({ blobSum }: Document): Part | undefined {
  const parsed = parseDigest(blobSum);
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
