/**
 * The body of one webhook event, with exactly the fields the registry sends and no others. Notably there is no region
 * in it, and a delete names no tag: a simulated event that was more helpful than the real one would hide the very
 * mistakes the simulator is there to find.
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

/** @param tag null leaves the field out, an empty string sends it empty: the registry does both for a digest-only push */
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
