/**
 * One change by a client in one region, which every other replica copies. All replicas carry the same `number`, and the
 * highest number wins: without a common order, a delete and a push that cross each other would leave replicas that
 * differ forever.
 */
import type { Manifest } from './manifest.ts';

export interface Change {
  kind: 'put' | 'delete' | 'untag';
  repository: string;
  /** The manifest put or deleted. An untag keeps the manifest and removes the tag. */
  manifest: Manifest;
  /** Null for a manifest put by digest, and for a delete. */
  tag: string | null;
  /** The region whose replica answered the client. */
  origin: string;
  number: number;
  /** Milliseconds since 1970. */
  madeAt: number;
  /** Names the change for `openRandom`, so that its random values do not depend on when it runs. */
  label: string;
  /** The label of the whole push: an index and its children share it. */
  pushLabel: string;
  /** A manifest listed by an index, put just before it. */
  isChild: boolean;
  request: ClientRequest;
}

/** The client's request, as every replica's webhook event repeats it. */
export interface ClientRequest {
  id: string;
  /**
   * The host that the client connected to: the login server or a regional endpoint. Independent of the replica that
   * fires.
   */
  host: string;
  method: 'PUT' | 'DELETE';
  useragent?: string;
}

/** The key of a manifest: `team/app@sha256:…`. */
export function toManifestKey(repository: string, digest: string): string {
  return `${repository}@${digest}`;
}

/** `team/app:v1`. */
export function toTagKey(repository: string, tag: string): string {
  return `${repository}:${tag}`;
}
