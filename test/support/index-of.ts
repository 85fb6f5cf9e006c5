/** Indexes and the registry that serves them, for tests of families: only what is read of them. */
import { hash } from 'node:crypto';
import type { Digest } from '../../src/core/model/digest.ts';
import type { ManifestAnswer, ManifestReader, Referrer } from '../../src/core/ports.ts';
import { digestOf } from './build.ts';

export const indexType = 'application/vnd.oci.image.index.v1+json';
export const manifestType = 'application/vnd.oci.image.manifest.v1+json';

export interface Listed {
  readonly digest: Digest;
  readonly mediaType?: string;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Record<string, string>;
  readonly artifactType?: string;
}

export interface Index {
  readonly digest: Digest;
  readonly body: string;
}

export function indexOf(...manifests: readonly Listed[]): Index {
  const listed = manifests.map((one) => ({ mediaType: manifestType, size: 1, ...one }));
  const body = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: listed });
  return { digest: `sha256:${hash('sha256', body)}` as Digest, body };
}

/** The manifest of an image, with a config and layers of these sizes. */
export function manifestOf(digest: Digest, configBytes: number, ...layerBytes: readonly number[]): Index {
  const layers = layerBytes.map((size) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size }));
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', size: configBytes };
  return { digest, body: JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers }) };
}

/** A manifest that names a subject. */
export function attachmentOf(subject: Digest, artifactType: string): Index {
  const named = { mediaType: manifestType, digest: subject, size: 1 };
  const body = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, artifactType, subject: named, layers: [] });
  return { digest: `sha256:${hash('sha256', body)}` as Digest, body };
}

/** `linux/<architecture>`, under a digest of that number. */
export function platformOf(number: number, architecture = `cpu${number}`): Listed {
  return { digest: digestOf(number), platform: { os: 'linux', architecture } };
}

export interface MemoryManifests extends ManifestReader {
  /** It has this one, too, from now on. */
  serve(index: Index): void;
  /** The requested digests, in their order. */
  readonly asked: Digest[];
  /** The answer instead of the manifest, if set. */
  answer: ManifestAnswer | undefined;
  /** It never answers, while this is so. */
  silent: boolean;
  /** What it lists as attached, to any image; `undefined`: an unclear answer. */
  attached: readonly Referrer[] | undefined;
}

/** Serves these, and has nothing else. */
export function memoryManifests(...served: readonly Index[]): MemoryManifests {
  const indexes = [...served];
  const manifests: MemoryManifests = {
    asked: [],
    attached: [],
    answer: undefined,
    silent: false,
    serve: (index) => void indexes.push(index),
    async read(_registry, _region, _repository, digest) {
      manifests.asked.push(digest);
      if (manifests.silent) return new Promise(() => {});
      if (manifests.answer !== undefined) return manifests.answer;
      const index = indexes.find((one) => one.digest === digest);
      return index === undefined ? { kind: 'absent' } : { kind: 'manifest', mediaType: indexType, body: index.body };
    },
    reaches: async () => true,
    referrers: async () => manifests.attached,
  };
  return manifests;
}
