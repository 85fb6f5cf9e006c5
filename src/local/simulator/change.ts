/**
 * One thing a client did to the registry in one region, which every other replica then copies. All replicas carry the
 * same `number`, and the highest number wins: without one order that all agree on, a delete and a push that cross each
 * other on the way would leave replicas that differ for ever.
 */
import type { Manifest } from './manifest.ts';

export interface Change {
  kind: 'put' | 'delete' | 'untag';
  repository: string;
  /** What was put or deleted. An untag keeps the manifest and takes the tag away. */
  manifest: Manifest;
  /** Null for a manifest put by digest, and for a delete. */
  tag: string | null;
  /** The region whose replica answered the client. */
  origin: string;
  number: number;
  /** Milliseconds since 1970. */
  madeAt: number;
  /** Names the change for `openRandom`: what is drawn for it must not depend on when it runs. */
  label: string;
  /** The same for the whole of one client's push: an index and its children share it. */
  pushLabel: string;
  /** One of the manifests an index names, put just before it. */
  isChild: boolean;
  request: ClientRequest;
}

/** The client's request, as every replica's webhook event repeats it. */
export interface ClientRequest {
  id: string;
  /** Where the client connected: the login server or one region's own host. Says nothing about the replica that fires. */
  host: string;
  method: 'PUT' | 'DELETE';
  useragent?: string;
}

/** The name under which a manifest is kept and compared: `team/app@sha256:…`. */
export function toManifestKey(repository: string, digest: string): string {
  return `${repository}@${digest}`;
}

/** `team/app:v1`. */
export function toTagKey(repository: string, tag: string): string {
  return `${repository}:${tag}`;
}
