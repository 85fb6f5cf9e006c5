/**
 * The events we publish. What is told is decided once, in the write that makes it true, and noted in the record; the
 * event is built from the record when it is told, so one that is told late says what is true by then.
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

/** An event to be told, with the key of its announcement in the image's record. */
export interface DueEvent {
  readonly key: string;
  readonly event: CloudEvent;
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
  const isAboutAll = announcement.kind === 'availableInAllReplicas' || announcement.kind === 'deletedInAllReplicas';
  const duration = isAboutAll ? { durationSeconds: durationOf(announcement.kind, document) } : undefined;
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

/** From the first region to the last that is in the state the event tells of. */
function durationOf(kind: AnnouncementKind, document: AvailabilityDocument): number {
  const state = kind === 'deletedInAllReplicas' ? 'deleted' : 'available';
  const times = document.regions
    .filter((entry) => entry.state === state && (entry.expected || state === 'deleted'))
    .flatMap((entry) => (entry.since === null ? [] : [Date.parse(entry.since)]));
  return times.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / 1000;
}

/** Parts are joined by a character that none of them can hold. */
export function eventId(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 40);
}
