/** Media types of manifests: whether one is an index, and whether an entry of an index is a manifest. */

export const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

/** The media type of an index's entry that states none. */
export const defaultManifestType = 'application/vnd.oci.image.manifest.v1+json';

/** In the form used to compare: lower case, without parameters (RFC 9110, 8.3.1). */
export function plainMediaType(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

export function isIndexType(mediaType: string | null): boolean {
  return mediaType !== null && indexTypes.has(mediaType);
}

/**
 * Every media type specified for manifests and indexes contains one of these words. The entries of a build cache are layers.
 */
export function namesManifest(mediaType: string): boolean {
  return /manifest|index/i.test(mediaType);
}
