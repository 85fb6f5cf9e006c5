/**
 * Old kinds of manifests: artifacts from before OCI 1.1, and Docker's schema 1. Registries still store them, and answer
 * 404 unless the client accepts their type by name.
 */
import { describeBlob, type Manifest, toJson, withDigest } from './manifest.ts';
import { drawBytes, drawFrom, type Random } from './random.ts';

export const ARTIFACT_TYPES = [
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.cncf.oras.artifact.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
] as const;

export type ArtifactType = (typeof ARTIFACT_TYPES)[number];

export function drawArtifact(random: Random): Manifest {
  return buildArtifact(random, drawFrom(random, ARTIFACT_TYPES));
}

/** One manifest with two blobs of its own. */
export function buildArtifact(random: Random, mediaType: ArtifactType): Manifest {
  const blobs = [0, 1].map(() => withDigest('application/octet-stream', drawBytes(random, 64)));
  const own = { children: [], blobs };
  if (mediaType.endsWith('+prettyjws')) return { ...sign(mediaType, blobs), ...own };
  const content = { mediaType, artifactType: 'application/spdx+json', blobs: blobs.map(describeBlob) };
  return { ...withDigest(mediaType, toJson(content)), ...own };
}

/** Its digest is that of the signed payload: distribution, "Image Manifest V 2, Schema 1", Signed Manifests. */
function sign(
  mediaType: string,
  layers: readonly { digest: string }[],
): Pick<Manifest, 'digest' | 'mediaType' | 'bytes'> {
  const content = {
    schemaVersion: 1,
    architecture: 'amd64',
    fsLayers: layers.map(({ digest }) => ({ blobSum: digest })),
  };
  const payload = JSON.stringify(content, null, 3);
  const tail = '\n}';
  const formatLength = payload.length - tail.length;
  const protectedHeader = { formatLength, formatTail: Buffer.from(tail).toString('base64url') };
  const signature = {
    header: { alg: 'ES256' },
    signature: '',
    protected: toJson(protectedHeader).toString('base64url'),
  };
  const signed = `${payload.slice(0, formatLength)},\n   "signatures": ${JSON.stringify([signature])}${tail}`;
  return { ...withDigest(mediaType, Buffer.from(payload)), bytes: Buffer.from(signed) };
}
