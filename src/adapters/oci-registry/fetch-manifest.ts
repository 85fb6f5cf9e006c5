/**
 * Reads one manifest whole, and believes neither the name it was asked by nor the header it came with until the bytes
 * hash to them. A replica in trouble can serve half a document with a 200.
 */
import { hash } from 'node:crypto';
import type { Digest } from '../../core/digest.ts';
import { parseDigest } from '../../core/digest.ts';
import type { Clock } from '../../core/ports.ts';
import type { Tag } from '../../core/reference.ts';
import type { Absent, Reply, Unclear } from './http.ts';
import { saidAt, unclear, unclearStatus } from './http.ts';
import { mediaTypeOf } from './manifest.ts';
import type { Replica } from './replica.ts';

export interface Manifest {
  readonly kind: 'manifest';
  readonly digest: Digest;
  readonly mediaType: string | undefined;
  readonly saidAt: number | undefined;
  readonly body: Buffer;
}

export interface Named {
  readonly kind: 'named';
  readonly digest: Digest;
  readonly mediaType: string | undefined;
  readonly saidAt: number | undefined;
}

/** Registries take manifests up to this size (OCI distribution specification). */
const mostBytes = 4 * 1024 * 1024;

export async function fetchManifest(
  replica: Replica,
  reference: Digest | Tag,
  clock: Clock,
): Promise<Manifest | Absent | Unclear> {
  const reply = await replica.ask('GET', `manifests/${reference}`, mostBytes);
  if (reply.kind === 'unclear') return reply;
  const named = readNamed(reply, reference, clock);
  if (named.kind !== 'named') return named;
  const digest = `sha256:${hash('sha256', reply.body)}`;
  if (digest !== named.digest) return unclear('a manifest that does not match its digest');
  return { ...named, kind: 'manifest', body: reply.body };
}

/** What the status and headers of an answer say, to GET and HEAD alike. */
export function readNamed(reply: Reply, reference: Digest | Tag, clock: Clock): Named | Absent | Unclear {
  if (reply.status === 404) return { kind: 'absent', saidAt: saidAt(reply) };
  if (reply.status !== 200) return unclearStatus(reply, 'manifest', clock);
  const digest = parseDigest(reply.headers.get('docker-content-digest'));
  if (digest === undefined) return unclear('200 without a usable digest');
  const asked = parseDigest(reference);
  if (asked !== undefined && asked !== digest) return unclear('200 with another digest');
  return { kind: 'named', digest, mediaType: mediaTypeOf(reply.headers.get('content-type')), saidAt: saidAt(reply) };
}
