/**
 * Parses manifests: what an index lists, and a manifest's subject and bytes. An index is read strictly: a skipped entry would be
 * a missing member that is not noticed, so an index with any entry that is not understood is rejected.
 * Shapes: OCI image specification, image index; Docker's manifest list; BuildKit, docs/attestations/attestation-storage.md.
 */

import type { Member } from '../image/family.ts';
import type { Digest } from '../model/digest.ts';
import { parseDigest } from '../model/digest.ts';
import { defaultManifestType, isIndexType, namesManifest, plainMediaType } from '../model/media-types.ts';
import type { Referrer } from './ports.ts';

export interface ListedManifest extends Member {
  readonly mediaType: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * @returns what the index lists, in its order, or why it was rejected. A manifest that is listed for two platforms, as with
 * variants of arm, is returned twice
 */
export function listManifests(body: string): readonly ListedManifest[] | { readonly reason: string } {
  const document = parseFields(body);
  if (document === undefined) return { reason: 'an index that is not JSON' };
  if (!Array.isArray(document.manifests)) return { reason: 'an index without a list of manifests' };
  const listed = new Map<string, ListedManifest>();
  for (const entry of document.manifests) {
    const one = isFields(entry) ? toListed(entry) : undefined;
    if (one === undefined) return { reason: 'an index with an entry that is not understood' };
    if (one === 'blob') continue;
    const key = memberKey(one);
    if (!listed.has(key)) listed.set(key, one);
  }
  return [...listed.values()];
}

/** Equal for entries with the same digest and platform. */
export function memberKey({ digest, platform }: Pick<Member, 'digest' | 'platform'>): string {
  return `${digest} ${platform}`;
}

/** @returns the entries of a registry's list of referrers; `undefined` if one is not understood */
export function listReferrers(body: string): readonly Referrer[] | undefined {
  const manifests = parseFields(body)?.manifests;
  if (!Array.isArray(manifests)) return undefined;
  const referrers = manifests.map((entry: unknown): Referrer | undefined => {
    const digest = isFields(entry) ? parseDigest(entry.digest) : undefined;
    if (!isFields(entry) || digest === undefined) return undefined;
    return { digest, artifactType: text(entry.artifactType), content: bundleContent(entry.annotations) };
  });
  return referrers.every((one) => one !== undefined) ? referrers : undefined;
}

/** What a manifest names as its subject, and how a list of referrers would show the manifest. */
export interface NamedSubject extends Omit<Referrer, 'digest'> {
  readonly subject: Digest;
}

/**
 * @returns the subject of this manifest, and this manifest as a list of referrers would show it (OCI distribution specification):
 * without an artifact type of its own, with the type of its config; `undefined` if it names no subject
 */
export function subjectOf(body: string): NamedSubject | undefined {
  const { subject, artifactType, config, annotations } = parseFields(body) ?? {};
  const digest = isFields(subject) ? parseDigest(subject.digest) : undefined;
  if (digest === undefined) return undefined;
  return {
    subject: digest,
    artifactType: text(artifactType) ?? (isFields(config) ? text(config.mediaType) : null),
    content: bundleContent(annotations),
  };
}

/**
 * @returns the sum of the stated sizes of config and layers, each layer as often as it is listed; `undefined` if one is not stated
 */
export function bytesOf(body: string): number | undefined {
  const { config, layers } = parseFields(body) ?? {};
  if (!Array.isArray(layers)) return undefined;
  const sizes = [config, ...layers].map((one: unknown) => (isFields(one) ? one.size : undefined));
  const areStated = sizes.every((size) => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0);
  const sum = areStated ? (sizes as number[]).reduce((a, b) => a + b, 0) : undefined;
  return Number.isSafeInteger(sum) ? sum : undefined;
}

/** @returns `blob` for a layer: build caches are indexes that list layers, about which no webhook is ever sent */
function toListed(entry: Fields): ListedManifest | 'blob' | undefined {
  const digest = parseDigest(entry.digest);
  if (digest === undefined) return undefined;
  const mediaType = plainMediaType(text(entry.mediaType) ?? '') || defaultManifestType;
  if (!namesManifest(mediaType)) return 'blob';
  const platform = toPlatform(entry.platform);
  const artifactType = text(entry.artifactType);
  const known = { digest, mediaType, artifactType };
  const isAttestation =
    isFields(entry.annotations) && entry.annotations['vnd.docker.reference.type'] === 'attestation-manifest';
  if (isAttestation || platform?.startsWith('unknown/unknown'))
    return { ...known, kind: 'attestation', platform: null };
  const isArtifact = platform === null && !isIndexType(mediaType);
  return { ...known, kind: isArtifact ? 'artifact' : 'platform', platform };
}

function bundleContent(annotations: unknown): string | null {
  return isFields(annotations) ? text(annotations['dev.sigstore.bundle.content']) : null;
}

function toPlatform(platform: unknown): string | null {
  if (!isFields(platform)) return null;
  const parts = [platform.os, platform.architecture, platform.variant].flatMap((part) => text(part) ?? []);
  return parts.length < 2 ? null : parts.join('/');
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= 255 ? value : null;
}

function parseFields(body: string): Fields | undefined {
  try {
    const document: unknown = JSON.parse(body);
    return isFields(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
