/**
 * The events we publish. What is told is decided once, in the write that makes it true, and noted in the record; the
 * event is built from the record when it is told, so one that is told late says what is true by then.
 * Ids are a digest of the fact itself: the same fact has the same id on every instance, however often it is sent.
 * CloudEvents 1.0: consumers may treat equal `source` + `id` as duplicates.
 */
import { hash } from 'node:crypto';
import type { AvailabilityDocument } from './availability.ts';
import type { Digest } from './digest.ts';
import type { ImageRecord } from './image.ts';
import type { Tag } from './reference.ts';
import type { Region } from './region.ts';
import { parseRegion } from './region.ts';
import type { Registry } from './registry.ts';
import { eventSource } from './registry.ts';
import type { TraceParent } from './telemetry.ts';

export const announcementTypes = {
  availableInRegion: 'AcrReplication.ImageAvailableInRegion',
  availableInAllReplicas: 'AcrReplication.ImageAvailableInAllReplicas',
  deletedInRegion: 'AcrReplication.ImageDeletedInRegion',
  deletedInAllReplicas: 'AcrReplication.ImageDeletedInAllReplicas',
  delayed: 'AcrReplication.ReplicationDelayed',
  tagConverged: 'AcrReplication.TagConverged',
  tagSuperseded: 'AcrReplication.TagSuperseded',
} as const;

export type AnnouncementKind = keyof typeof announcementTypes;

/** One decision to tell something about one image. */
export interface Announcement {
  readonly kind: AnnouncementKind;
  readonly generation: number;
  /** For what is told per region. */
  readonly region?: Region | undefined;
  /** For what is told of a tag, and which time the tag came to this digest. */
  readonly tag?: { readonly name: Tag; readonly round: number } | undefined;
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
  /** For a superseded tag: the digest it points at now. `digest` is the one it left. */
  readonly supersededBy?: Digest;
};

/** What made an event due: what some replica said. */
export interface Cause {
  /** When it was learned, milliseconds since 1970; `undefined` where it is only as old as the announcement. */
  readonly at: number | undefined;
  readonly trace: TraceParent | undefined;
}

/** An event to be told, with the key of its announcement in the image's record. */
export interface DueEvent {
  readonly key: string;
  readonly event: CloudEvent;
  /** Known only where the event is told by whoever wrote the record. */
  readonly cause?: Cause | undefined;
}

/** Sorts by generation; names the announcement within its image. */
export function announcementKey(announcement: Announcement): string {
  return `${String(announcement.generation).padStart(6, '0')}.${newsOf(announcement)}`;
}

/** What there is to tell of one region. */
export function regionNews(region: Region): { readonly available: string; readonly deleted: string } {
  return {
    available: newsOf({ kind: 'availableInRegion', region }),
    deleted: newsOf({ kind: 'deletedInRegion', region }),
  };
}

/** What is told, in whatever generation. */
export function newsOf({ kind, region, tag }: Pick<Announcement, 'kind' | 'region' | 'tag'>): string {
  const about = tag === undefined ? region : `${tag.round}.${tag.name}`;
  return about === undefined ? kind : `${kind}.${about}`;
}

export function parseAnnouncementKey(key: string): Announcement {
  const [, generation, kind, about] = /^(\d+)\.(\w+)(?:\.(.*))?$/.exec(key) ?? [];
  const known = { kind: kind as AnnouncementKind, generation: Number(generation) };
  if (kind !== 'tagConverged' && kind !== 'tagSuperseded') return { ...known, region: parseRegion(about) };
  const [, round, name] = /^(\d+)\.(.*)$/.exec(about ?? '') ?? [];
  return { ...known, tag: { name: name as Tag, round: Number(round) } };
}

/**
 * @param document about the image; for what is told of a tag, with its `tag` part
 * @param supersededBy for a superseded tag
 */
export function toEvent(
  announcement: Announcement,
  record: ImageRecord,
  registry: Registry,
  document: AvailabilityDocument,
  madeAt: number,
  supersededBy?: Digest,
): CloudEvent {
  const { satisfied: _satisfied, requirement: _requirement, ...told } = document;
  const { kind, generation, region, tag } = announcement;
  const { repository, digest } = record.name;
  const type = announcementTypes[kind];
  const about = tag === undefined ? (region ?? '') : `${tag.name} ${tag.round}`;
  const isAboutAll = kind === 'availableInAllReplicas' || kind === 'deletedInAllReplicas';
  return {
    specversion: '1.0',
    id: eventId([type, registry.name, repository, digest, about, String(generation)]),
    source: eventSource(registry),
    type,
    subject: tag === undefined ? `${repository}@${digest}` : `${repository}:${tag.name}`,
    time: new Date(madeAt).toISOString(),
    datacontenttype: 'application/json',
    data: {
      ...told,
      generation,
      ...(region === undefined ? {} : { region }),
      ...(isAboutAll ? { durationSeconds: durationOf(kind, document) } : {}),
      ...(supersededBy === undefined ? {} : { supersededBy }),
    },
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
  return hash('sha256', parts.join('\n')).slice(0, 40);
}
