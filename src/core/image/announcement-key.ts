/** The kinds of announcements about an image, and the key under which its record stores each. */

import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import { parseRegion } from '../model/region.ts';

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

/** One decision to publish an event about one image. */
export interface Announcement {
  readonly kind: AnnouncementKind;
  readonly generation: number;
  /** For events about one region. */
  readonly region?: Region | undefined;
  /** For events about a tag. `round`: how often the tag has come to this digest; see `TagProgress`. */
  readonly tag?: { readonly name: Tag; readonly round: number } | undefined;
}

/** Unique within the image; sorts by generation. */
export function announcementKey(announcement: Announcement): string {
  return `${String(announcement.generation).padStart(6, '0')}.${announcementSubject(announcement)}`;
}

/** Subjects of the events about one region. */
export function regionSubjects(region: Region): { readonly available: string; readonly deleted: string } {
  return {
    available: announcementSubject({ kind: 'availableInRegion', region }),
    deleted: announcementSubject({ kind: 'deletedInRegion', region }),
  };
}

/** The key without its generation. */
export function announcementSubject({ kind, region, tag }: Pick<Announcement, 'kind' | 'region' | 'tag'>): string {
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
