/**
 * The events we publish. Which events are published is decided once, in the write that makes them true, and stored in the
 * record. The event itself is built from the record when it is sent, so a late event describes the state at that time.
 * The id is a hash of the announcement, so an event has the same id on every instance, however often it is sent.
 * CloudEvents 1.0: consumers may treat events with equal `source` and `id` as duplicates.
 */

import { hash } from 'node:crypto';
import type { Digest } from '../model/digest.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { eventSource } from '../model/registry.ts';
import type { TraceParent } from '../runtime/trace-parent.ts';
import type { Announcement, AnnouncementKind } from './announcement-key.ts';
import { announcementTypes } from './announcement-key.ts';
import type { AvailabilityDocument } from './availability.ts';
import type { AnnouncementEntry, ImageRecord } from './record.ts';

/** @typeParam Data by default that of events about images */
export interface CloudEvent<Data extends object = EventData> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** ISO 8601: when the announcement was made. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Data;
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

/** The report that made an event due; a link of the event's trace. */
export interface TraceLink {
  /** When the report was received, milliseconds since 1970; `undefined` if only the announcement's time is known. */
  readonly at: number | undefined;
  readonly trace: TraceParent | undefined;
}

/** An event to be published, with the key of its announcement in the image's record. */
export interface DueEvent {
  readonly key: string;
  readonly event: CloudEvent;
  /** Known only to the instance that wrote the record. */
  readonly cause?: TraceLink | undefined;
  /** Failed attempts that the record knows of. */
  readonly failedBefore?: number | undefined;
}

/**
 * @param document about the image; for an event about a tag, with its `tag` part
 * @param madeAt when the announcement was made, milliseconds since 1970
 * @param noted what the announcement stores about that moment
 */
export function toEvent(
  announcement: Announcement,
  record: ImageRecord,
  registry: Registry,
  document: AvailabilityDocument,
  madeAt: number,
  { supersededBy, missing }: Pick<AnnouncementEntry, 'supersededBy' | 'missing'> = {},
): CloudEvent {
  const { satisfied: _satisfied, requirement: _requirement, ...described } = document;
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
      ...described,
      ...(missing === undefined ? {} : { missing }),
      generation,
      ...(region === undefined ? {} : { region }),
      ...(isAboutAll ? { durationSeconds: durationOf(kind, document) } : {}),
      ...(supersededBy === undefined ? {} : { supersededBy }),
    },
  };
}

/** Seconds from the first to the last region that reached the state the event reports. */
function durationOf(kind: AnnouncementKind, document: AvailabilityDocument): number {
  const state = kind === 'deletedInAllReplicas' ? 'deleted' : 'available';
  const times = document.regions
    .filter((entry) => entry.state === state && (entry.expected || state === 'deleted'))
    .flatMap((entry) => (entry.since === null ? [] : [Date.parse(entry.since)]));
  return times.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / 1000;
}

/** @param parts none contains a line break, which separates them */
export function eventId(parts: readonly string[]): string {
  return hash('sha256', parts.join('\n')).slice(0, 40);
}
