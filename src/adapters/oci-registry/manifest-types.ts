/**
 * The media types of manifests, for the `Accept` header. A registry answers 404 for a manifest whose type is not
 * accepted, so an image of a type left out here would never be found. The header names every type that was ever
 * specified, the type that a webhook reported, and a wildcard for registries that honour one.
 */

import { indexTypes } from '../../core/model/media-types.ts';

export const imageTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);
/** From between OCI 1.0 and 1.1, and still stored: blobs, and perhaps a subject. */
export const artifactTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.cncf.oras.artifact.manifest.v1+json',
]);
/** Docker's schema 1, signed and unsigned. */
export const schema1Types: ReadonlySet<string> = new Set([
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.distribution.manifest.v1+json',
]);

/** Limits the types that webhooks reported, since the client that pushes chooses them. */
const maxNamed = 10;

/** @param named media types as webhooks or descriptors write them */
export function acceptHeader(named: readonly string[]): string {
  const reported = named.slice(0, maxNamed).flatMap((type) => mediaTypeOf(type) ?? []);
  const types = [...indexTypes, ...imageTypes, ...artifactTypes, ...schema1Types, ...reported, '*/*'];
  return [...new Set(types)].join(', ');
}

/** `Content-Type` without its parameters; `undefined` where it is not a media type. */
export function mediaTypeOf(contentType: string | null | undefined): string | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return type.length <= 127 && /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : undefined;
}
