/**
 * Reads one whole manifest, and accepts the requested name and the `Docker-Content-Digest` header only when the bytes
 * hash to them: a failing replica can serve half a document with a 200.
 */
import { hash } from 'node:crypto';
import type { Digest } from '../../core/model/digest.ts';
import { parseDigest } from '../../core/model/digest.ts';
import type { Tag } from '../../core/model/reference.ts';
import type { Clock } from '../../core/ports.ts';
import type { Absent, Reply, Unclear } from './http.ts';
import { answeredAt, unclear, unclearImage, unclearStatus } from './http.ts';
import { acceptHeader, mediaTypeOf, schema1Types } from './manifest-types.ts';
import { readNotFound } from './not-found.ts';
import type { Replica } from './replica.ts';
import { signedPayload } from './signed-manifest.ts';

export interface Manifest {
  readonly kind: 'manifest';
  readonly digest: Digest;
  readonly mediaType: string | undefined;
  readonly answeredAt: number | undefined;
  /** The bytes that the digest is computed of: of a signed manifest, its signed payload. */
  readonly body: Buffer;
}

export interface Named {
  readonly kind: 'named';
  readonly digest: Digest;
  readonly mediaType: string | undefined;
  readonly answeredAt: number | undefined;
}

/** The largest manifest that registries accept (OCI distribution specification). */
const maxBytes = 4 * 1024 * 1024;

/**
 * Whether the manifest exists, by HEAD, since a GET can count as a pull. A 404 to HEAD has no body that says who sent
 * it and why, so it is repeated as a GET.
 * @param types media types it was reported with, besides the known ones
 */
export async function askForManifest(
  replica: Replica,
  reference: Digest | Tag,
  types: readonly string[],
  clock: Clock,
): Promise<Named | Absent | Unclear> {
  const reply = await replica.ask('HEAD', `manifests/${reference}`, { accept: acceptHeader(types) });
  if (reply.kind === 'unclear') return reply;
  if (reply.status !== 404) return readNamed(reply, reference, clock);
  const manifest = await fetchManifest(replica, reference, types, clock);
  return manifest.kind === 'manifest' ? { ...manifest, kind: 'named' } : manifest;
}

export async function fetchManifest(
  replica: Replica,
  reference: Digest | Tag,
  types: readonly string[],
  clock: Clock,
): Promise<Manifest | Absent | Unclear> {
  const reply = await replica.ask('GET', `manifests/${reference}`, { accept: acceptHeader(types), maxBytes });
  if (reply.kind === 'unclear') return reply;
  const named = readNamed(reply, reference, clock);
  if (named.kind !== 'named') return named;
  const forms = schema1Types.has(named.mediaType ?? '') ? [reply.body, signedPayload(reply.body)] : [reply.body];
  const body = forms.find((form) => form !== undefined && `sha256:${hash('sha256', form)}` === named.digest);
  if (body === undefined) return unclearImage('a manifest that does not match its digest');
  return { ...named, kind: 'manifest', body };
}

/** What the answer says, apart from the manifest itself. */
function readNamed(reply: Reply, reference: Digest | Tag, clock: Clock): Named | Absent | Unclear {
  if (reply.status === 404) return readNotFound(reply, 'manifest');
  if (reply.status !== 200) return unclearStatus(reply, 'manifest', clock);
  const digest = parseDigest(reply.headers.get('docker-content-digest'));
  if (digest === undefined) return unclear('200 without a usable digest');
  const asked = parseDigest(reference);
  if (asked !== undefined && asked !== digest) return unclearImage('200 with another digest');
  return {
    kind: 'named',
    digest,
    mediaType: mediaTypeOf(reply.headers.get('content-type')),
    answeredAt: answeredAt(reply),
  };
}
