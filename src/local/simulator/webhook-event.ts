/**
 * The body of one webhook event, with exactly the fields that the registry sends. Notably it names no region, and a
 * delete names no tag: more helpful events would hide the mistakes that the simulator should find.
 */
import type { Change, ClientRequest } from './change.ts';

export interface WebhookEvent {
  id: string;
  timestamp: string;
  action: 'push' | 'delete' | 'ping';
  target?: {
    mediaType: string;
    size?: number;
    digest: string;
    length?: number;
    repository: string;
    tag?: string;
  };
  request?: ClientRequest;
}

/** @param tag null omits the field, an empty string sends it empty: the registry does both for a push by digest */
export function buildPushEvent(id: string, timestamp: string, change: Change, tag: string | null): WebhookEvent {
  const { mediaType, digest, bytes } = change.manifest;
  const size = bytes.length;
  const target = { mediaType, size, digest, length: size, repository: change.repository };
  return { id, timestamp, action: 'push', target: tag === null ? target : { ...target, tag }, request: change.request };
}

export function buildDeleteEvent(id: string, timestamp: string, change: Change): WebhookEvent {
  const { mediaType, digest } = change.manifest;
  const target = { mediaType, digest, repository: change.repository };
  return { id, timestamp, action: 'delete', target, request: change.request };
}

export function buildPingEvent(id: string, timestamp: string): WebhookEvent {
  return { id, timestamp, action: 'ping' };
}
