/**
 * The events we publish. What is published is decided once, in the write that makes it true, and noted in the record; the
 * event is built from the record when it is published, so one that is published late says what is true by then.
 * Ids are a digest of the fact itself: the same fact has the same id on every instance, however often it is sent.
 * CloudEvents 1.0: consumers may treat equal `source` + `id` as duplicates.
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

/** @typeParam Data by default what is published about images */
export interface CloudEvent<Data extends object = EventData> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** ISO 8601: when the fact became known. */
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

/** What made an event due: what some replica said. */
export interface TraceLink {
  /** When it was learned, milliseconds since 1970; `undefined` where it is only as old as the announcement. */
  readonly at: number | undefined;
  readonly trace: TraceParent | undefined;
}

/** An event to be published, with the key of its announcement in the image's record. */
export interface DueEvent {
  readonly key: string;
  readonly event: CloudEvent;
  /** Known only where the event is published by whoever wrote the record. */
  readonly cause?: TraceLink | undefined;
  /** How often it is known to have been sent in vain. */
  readonly failedBefore?: number | undefined;
}

/**
 * @param document about the image; for what is published about a tag, with its `tag` part
 * @param noted in the announcement, about the moment when it was made
 */
export function toEvent(
  announcement: Announcement,
  record: ImageRecord,
  registry: Registry,
  document: AvailabilityDocument,
  madeAt: number,
  { supersededBy, missing }: Pick<AnnouncementEntry, 'supersededBy' | 'missing'> = {},
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
      ...(kind === 'delayed' ? { missing: missing ?? missingAt(madeAt, document) } : {}),
      generation,
      ...(region === undefined ? {} : { region }),
      ...(isAboutAll ? { durationSeconds: durationOf(kind, document) } : {}),
      ...(supersededBy === undefined ? {} : { supersededBy }),
    },
  };
}

/** What was missing when a delay was noted, worked out afterwards: records of earlier versions do not say. */
function missingAt(madeAt: number, { missing, regions }: AvailabilityDocument): Region[] {
  const arrivals = regions
    .filter((entry) => entry.required && entry.state === 'available' && entry.since !== null)
    .map((entry) => ({ region: entry.region, since: Date.parse(entry.since ?? '') }));
  const later = arrivals.filter(({ since }) => since > madeAt);
  // What came in the same millisecond came after it: the write that noted the delay knew less.
  const last = Math.max(...arrivals.map(({ since }) => since));
  const came = later.length > 0 || missing.length > 0 ? later : arrivals.filter(({ since }) => since === last);
  return [...missing, ...came.map(({ region }) => region)].sort();
}

/** From the first region to the last that is in the state the event reports. */
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
