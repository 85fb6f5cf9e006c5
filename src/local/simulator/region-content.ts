/**
 * A replica's answers to requests for manifests and blobs. Status codes, headers and error codes are those of the real
 * registry, including a surprising one: an index that exists is answered 404 to a client that does not accept indexes
 * (Azure/acr#741, Azure/azure-cli#24976).
 */
import { listReferrers } from './attachment.ts';
import { toManifestKey } from './change.ts';
import { isIndex, type Manifest } from './manifest.ts';
import { type Replica, resolveTag } from './replica.ts';
import type { Answer } from './stand-in-server.ts';

const REGISTRY = { 'docker-distribution-api-version': 'registry/2.0' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8', ...REGISTRY };
const PLAIN_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';

/** `/v2/` itself, which identifies a registry. */
export function answerVersion(): Answer {
  return { status: 200, headers: JSON_TYPE, body: '{}' };
}

/** @param reference a digest or a tag */
export function findManifest(
  replica: Replica | undefined,
  repository: string,
  reference: string,
): Manifest | undefined {
  if (replica === undefined) return undefined;
  const digest = reference.includes(':') ? reference : resolveTag(replica, repository, reference);
  if (digest === null) return undefined;
  const record = replica.manifests.get(toManifestKey(repository, digest));
  return record?.present ? record.manifest : undefined;
}

/** @param accept the request's `Accept` header */
export function answerManifest(
  replica: Replica | undefined,
  repository: string,
  reference: string,
  manifest: Manifest | undefined,
  accept: string,
): Answer {
  if (manifest === undefined && !hasRepository(replica, repository)) {
    return answerError(404, 'NAME_UNKNOWN', `repository name not known to registry: ${repository}`);
  }
  if (manifest === undefined) {
    return answerError(404, 'MANIFEST_UNKNOWN', `manifest tagged by "${reference}" is not found`);
  }
  if (!isAccepted(manifest.mediaType, accept)) return answerError(404, 'MANIFEST_UNKNOWN', describeRefusal(manifest));
  const { digest, mediaType, bytes } = manifest;
  const headers = { ...REGISTRY, 'content-type': mediaType, 'docker-content-digest': digest, etag: `"${digest}"` };
  return { status: 200, headers, body: bytes };
}

export function answerReferrers(replica: Replica | undefined, repository: string, digest: string): Answer {
  const headers = { ...REGISTRY, 'content-type': 'application/vnd.oci.image.index.v1+json' };
  return { status: 200, headers, body: listReferrers(replica, repository, digest) };
}

/**
 * @param key `repository@digest`
 * @param redirect answers with a redirect to the data endpoint
 */
export function answerBlob(replica: Replica | undefined, key: string, redirect: boolean): Answer {
  const blob = replica?.blobs.get(key);
  if (blob === undefined) return answerError(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  if (redirect) return { status: 307, headers: { ...REGISTRY, location: `/data/${encodeURIComponent(key)}` } };
  const headers = { ...REGISTRY, 'content-type': 'application/octet-stream', 'docker-content-digest': blob.digest };
  return { status: 200, headers, body: blob.bytes };
}

export function answerError(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Answer {
  return { status, headers: { ...JSON_TYPE, ...headers }, body: formatError(code, message) };
}

export function formatError(code: string, message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

/**
 * Docker's plain image manifest is served to every client; any other type must be accepted by name, a wildcard does not
 * count.
 */
function isAccepted(mediaType: string, accept: string): boolean {
  const named = accept.split(',').map((type) => type.split(';')[0]?.trim().toLowerCase());
  return mediaType === PLAIN_IMAGE || named.includes(mediaType);
}

function describeRefusal({ mediaType }: Manifest): string {
  const [one, many] = isIndex(mediaType) ? ['index', 'indexes'] : ['artifact', 'artifacts'];
  return `OCI ${one} found, but accept header does not support OCI ${many}`;
}

function hasRepository(replica: Replica | undefined, repository: string): boolean {
  return [...(replica?.manifests.values() ?? [])].some((record) => record.present && record.repository === repository);
}
