/** What the media type of a manifest tells: whether it is an index, and whether what an index lists is a manifest at all. */

export const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

/** Of an entry of an index that states none. */
export const defaultManifestType = 'application/vnd.oci.image.manifest.v1+json';

/** As it is compared: without parameters, and in small letters (RFC 9110, 8.3.1). */
export function plainMediaType(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

export function isIndexType(mediaType: string | null): boolean {
  return mediaType !== null && indexTypes.has(mediaType);
}

/** Every type of a manifest or an index that was ever specified says so. Build caches are indexes too, and list layers. */
export function namesManifest(mediaType: string): boolean {
  return /manifest|index/i.test(mediaType);
}
