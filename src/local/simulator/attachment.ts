/**
 * Signatures that are attached to an image after its push: one by notation, which names its subject, and one by cosign,
 * which is an image under a tag made of the digest. Both are manifests of their own, and replicate independently.
 */
import { toManifestKey } from './change.ts';
import { describeBlob, type Manifest, toJson, withDigest } from './manifest.ts';
import { drawBytes, type Random } from './random.ts';
import type { Replica } from './replica.ts';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const NOTATION_TYPE = 'application/vnd.cncf.notary.signature';

/** OCI image specification, "Guidelines for Artifact Usage". Pushed by digest alone. */
export function buildSignature(random: Random, subject: Manifest): Manifest {
  const config = withDigest('application/vnd.oci.empty.v1+json', toJson({}));
  const layer = withDigest('application/jose+json', drawBytes(random, 64));
  const content = {
    ...{ schemaVersion: 2, mediaType: MANIFEST_TYPE, artifactType: NOTATION_TYPE },
    ...{ config: describeBlob(config), layers: [describeBlob(layer)], subject: describeBlob(subject) },
  };
  const attachedTo = { subject: subject.digest, artifactType: NOTATION_TYPE };
  return { ...withDigest(MANIFEST_TYPE, toJson(content)), children: [], blobs: [config, layer], attachedTo };
}

/** Pushed under `toCosignTag`. */
export function buildCosignSignature(random: Random): Manifest {
  const config = withDigest('application/vnd.oci.image.config.v1+json', toJson({ rootfs: { type: 'layers' } }));
  const layer = withDigest('application/vnd.dev.cosign.simplesigning.v1+json', drawBytes(random, 64));
  const content = {
    ...{ schemaVersion: 2, mediaType: MANIFEST_TYPE },
    ...{ config: describeBlob(config), layers: [describeBlob(layer)] },
  };
  return { ...withDigest(MANIFEST_TYPE, toJson(content)), children: [], blobs: [config, layer] };
}

export function toCosignTag(digest: string): string {
  return `${digest.replace(':', '-')}.sig`;
}

/** The digest in a tag of cosign; `undefined` for any other tag. */
function readCosignTag(tag: string | null): string | undefined {
  const [, hex] = /^sha256-([0-9a-f]{64})\.sig$/.exec(tag ?? '') ?? [];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** A replica's list of referrers: OCI distribution specification, "Listing Referrers". */
export function listReferrers(replica: Replica | undefined, repository: string, digest: string): Buffer {
  const records = [...(replica?.manifests.values() ?? [])].filter(
    (record) => record.present && record.repository === repository && record.manifest.attachedTo?.subject === digest,
  );
  const manifests = records.map(({ manifest }) => ({
    ...describeBlob(manifest),
    artifactType: manifest.attachedTo?.artifactType,
  }));
  return toJson({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests });
}

/** The keys of the image and of what the change attaches to it; `undefined` when it attaches nothing. */
export function readAttachment(
  repository: string,
  manifest: Manifest,
  tag: string | null,
): { subject: string; attached: string } | undefined {
  const digest = manifest.attachedTo?.subject ?? readCosignTag(tag);
  if (digest === undefined) return undefined;
  return { subject: toManifestKey(repository, digest), attached: toManifestKey(repository, manifest.digest) };
}
