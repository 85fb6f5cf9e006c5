/**
 * Builds manifests with real content: JSON bytes, and the sha256 of these bytes as the digest. Made-up digests would
 * not do, since the tracker reads manifests (children of an index, config and layers), and clients verify what they
 * download.
 */
import { createHash } from 'node:crypto';
import { drawBytes, type Random } from './random.ts';

export interface Blob {
  digest: string;
  mediaType: string;
  bytes: Buffer;
}

export interface Manifest {
  digest: string;
  mediaType: string;
  bytes: Buffer;
  /** The manifests listed by an index, in order; otherwise empty. */
  children: readonly Manifest[];
  /** For an image: config first, then layers. For an artifact: all blobs. For an index: empty. */
  blobs: readonly Blob[];
  /** The digest of its OCI `subject`, and its artifact type. */
  attachedTo?: { subject: string; artifactType: string };
}

export type Format = 'oci' | 'docker';

export interface Platform {
  os: string;
  architecture: string;
}

const MEDIA_TYPES = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const;

const AMD64: Platform = { os: 'linux', architecture: 'amd64' };
const ARM64: Platform = { os: 'linux', architecture: 'arm64' };
const UNKNOWN: Platform = { os: 'unknown', architecture: 'unknown' };

export interface ImageOptions {
  /** Default: `docker`, the types a plain `docker push` sends. */
  format?: Format;
  platform?: Platform;
  layers?: number;
}

/** One image manifest with a config and layers of its own. */
export function buildImage(random: Random, options: ImageOptions = {}): Manifest {
  const { format = 'docker', platform = AMD64, layers = 2 } = options;
  const types = MEDIA_TYPES[format];
  const layerBlobs = Array.from({ length: layers }, () => withDigest(types.layer, drawBytes(random, 64)));
  const diffIds = layerBlobs.map((layer) => layer.digest);
  const config = withDigest(types.config, toJson({ ...platform, rootfs: { type: 'layers', diff_ids: diffIds } }));
  const content = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describeBlob(config),
    layers: layerBlobs.map(describeBlob),
  };
  return { ...withDigest(types.manifest, toJson(content)), children: [], blobs: [config, ...layerBlobs] };
}

export interface IndexOptions {
  /** Default: `oci`, the types buildx sends. */
  format?: Format;
  platforms?: readonly Platform[];
  /** Adds one `unknown/unknown` manifest per platform, as buildx does by default. */
  attestations?: boolean;
  /** Listed as well, without a platform. */
  artifacts?: readonly Manifest[];
}

/** A multi-platform image: an index and one child manifest per platform. */
export function buildIndex(random: Random, options: IndexOptions = {}): Manifest {
  const { format = 'oci', platforms = [AMD64, ARM64], attestations = false, artifacts = [] } = options;
  const named = attestations ? [...platforms, ...platforms.map(() => UNKNOWN)] : platforms;
  const images = named.map((platform) => buildImage(random, { format, platform }));
  const described = images.map((image, index) => ({ ...describeBlob(image), platform: named[index] }));
  const children = [...images, ...artifacts];
  const manifests = [...described, ...artifacts.map(describeBlob)];
  const mediaType = MEDIA_TYPES[format].index;
  return { ...withDigest(mediaType, toJson({ schemaVersion: 2, mediaType, manifests })), children, blobs: [] };
}

export function isIndex(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.oci.index || mediaType === MEDIA_TYPES.docker.index;
}

/** The manifest itself and, for an index, everything it lists. */
export function listManifests(manifest: Manifest): Manifest[] {
  return [...manifest.children.flatMap(listManifests), manifest];
}

export function withDigest(mediaType: string, bytes: Buffer): Blob {
  return { mediaType, bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}

export function describeBlob({ mediaType, digest, bytes }: Blob): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest, size: bytes.length };
}

export function toJson(content: unknown): Buffer {
  return Buffer.from(JSON.stringify(content));
}
