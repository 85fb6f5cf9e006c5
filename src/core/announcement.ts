/**
 * The events we publish. What is told is decided once, in the write that makes it true; the event is built from
 * that very record and kept, so telling it again after a crash sends the same id and the same content.
 * Ids are a digest of the fact itself: the same fact has the same id on every instance, however often it is sent.
 * CloudEvents 1.0: consumers may treat equal `source` + `id` as duplicates.
 */
import { createHash } from 'node:crypto';
import type { AvailabilityDocument } from './availability.ts';
import type { ImageName } from './image.ts';
import type { Region } from './region.ts';
import { parseRegion } from './region.ts';
import type { Registry } from './registry.ts';
import { eventSource } from './registry.ts';

export const announcementTypes = {
  availableInRegion: 'AcrReplication.ImageAvailableInRegion',
  availableInAllReplicas: 'AcrReplication.ImageAvailableInAllReplicas',
  deletedInRegion: 'AcrReplication.ImageDeletedInRegion',
  deletedInAllReplicas: 'AcrReplication.ImageDeletedInAllReplicas',
  delayed: 'AcrReplication.ReplicationDelayed',
} as const;

export type AnnouncementKind = keyof typeof announcementTypes;

/** One decision to tell something about one image. */
export interface Announcement {
  readonly kind: AnnouncementKind;
  readonly generation: number;
  /** For what is told per region. */
  readonly region: Region | undefined;
}

export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** ISO 8601: when the fact became known. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: EventData;
}

/** The availability document without `satisfied` and `requirement`, and what this event adds. */
export type EventData = Omit<AvailabilityDocument, 'satisfied' | 'requirement'> & {
  readonly generation: number;
  readonly region?: Region;
  /** From first to last region, seconds. */
  readonly durationSeconds?: number;
};

/** An event with its place in the outbox: made with the fact, kept until the topic has taken it and after. */
export interface OutboxEvent {
  /** Unique within the image. */
  readonly key: string;
  readonly event: CloudEvent;
  /** When the topic took it, milliseconds since 1970; `null` while it has not. */
  readonly publishedAt: number | null;
}

/** Sorts by generation; names the announcement within its image. */
export function announcementKey(announcement: Announcement): string {
  const { kind, generation, region } = announcement;
  return [String(generation).padStart(6, '0'), kind, ...(region === undefined ? [] : [region])].join('.');
}

export function parseAnnouncementKey(key: string): Announcement {
  const [generation, kind, region] = key.split('.');
  return { kind: kind as AnnouncementKind, generation: Number(generation), region: parseRegion(region) };
}

export function toEvent(
  announcement: Announcement,
  name: ImageName,
  registry: Registry,
  document: AvailabilityDocument,
  madeAt: number,
): CloudEvent {
  const { satisfied: _satisfied, requirement: _requirement, ...told } = document;
  const type = announcementTypes[announcement.kind];
  const { generation, region } = announcement;
  const duration =
    announcement.kind === 'availableInAllReplicas' ? { durationSeconds: longestLag(document) } : undefined;
  return {
    specversion: '1.0',
    id: eventId([type, registry.name, name.repository, name.digest, region ?? '', String(generation)]),
    source: eventSource(registry),
    type,
    subject: `${name.repository}@${name.digest}`,
    time: new Date(madeAt).toISOString(),
    datacontenttype: 'application/json',
    data: { ...told, generation, ...(region === undefined ? {} : { region }), ...duration },
  };
}

function longestLag(document: AvailabilityDocument): number {
  return Math.max(0, ...document.regions.filter((entry) => entry.expected).map((entry) => entry.lagSeconds ?? 0));
}

/** Parts are joined by a character that none of them can hold. */
export function eventId(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 40);
}
