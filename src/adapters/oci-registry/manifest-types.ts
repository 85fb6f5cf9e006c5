/**
 * The kinds of manifests, and how they are asked for. A registry answers 404 for a manifest whose kind is not accepted,
 * so that a kind left out here would be missing for ever: everything that was ever specified is named, what a webhook
 * told, and a wildcard for registries that heed one.
 */

import { indexTypes } from '../../core/model/media-types.ts';

export const imageTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);
/** Between OCI 1.0 and 1.1, and still stored: blobs, and perhaps a subject. */
export const artifactTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.cncf.oras.artifact.manifest.v1+json',
]);
/** Docker's schema 1, signed and not. */
export const schema1Types: ReadonlySet<string> = new Set([
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.distribution.manifest.v1+json',
]);

/** What webhooks told is bounded, since whoever pushes chooses it. */
const maxNamed = 10;

/** @param named what webhooks or descriptors call it, in any form */
export function acceptHeader(named: readonly string[]): string {
  const told = named.slice(0, maxNamed).flatMap((type) => mediaTypeOf(type) ?? []);
  const types = [...indexTypes, ...imageTypes, ...artifactTypes, ...schema1Types, ...told, '*/*'];
  return [...new Set(types)].join(', ');
}

/** `Content-Type` without its parameters; `undefined` where it is not a media type. */
export function mediaTypeOf(contentType: string | null | undefined): string | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return type.length <= 127 && /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : undefined;
}
