/**
 * Storage, queues and the topic in memory, to run the tracker without Azure in tests and benchmarks. The files named
 * `memory*` stay beside the adapters that they replace: both implement the same port, run the same contract suite and
 * obey the same import rules. Nothing that is deployed imports one. Records are stored as JSON, so that no object is
 * shared that real storage would not share.
 */

import { noteAccepted } from '../core/image/accepted-events.ts';
import type { CloudEvent } from '../core/image/cloud-event.ts';
import { lastPublishedAt } from '../core/image/due-events.ts';
import type { ForwardOrder } from '../core/image/forward-entry.ts';
import type { ImageName, ImageRecord } from '../core/image/record.ts';
import { imageKey } from '../core/image/record.ts';
import type { TagName } from '../core/image/tag-name.ts';
import type { HealthEvent } from '../core/ingest/health-alert.ts';
import type { WebhookAudit } from '../core/ingest/webhook-status.ts';
import type { Digest } from '../core/model/digest.ts';
import type { EventTime } from '../core/model/event-time.ts';
import { isLater } from '../core/model/event-time.ts';
import type { Region } from '../core/model/region.ts';
import type {
  CheckpointStore,
  DeliveryQueue,
  EventPublisher,
  ForwardQueue,
  HealthEventLog,
  HeartbeatStore,
  ImageLists,
  ImageStore,
  ListEntry,
  Received,
  ReconcileCheckpoint,
  ReconcileQueue,
  ReplicaSetStore,
  TagDigests,
} from '../core/ports.ts';

/** @returns the store, and `drop`, which removes an image without a trace so that a long run needs little memory */
export function memoryImageStore(): ImageStore & { drop(name: ImageName): void } {
  const images = new Map<string, { readonly text: string; readonly version: string }>();
  let writes = 0;
  return {
    drop(name) {
      images.delete(imageKey(name));
    },
    async read(name) {
      const stored = images.get(imageKey(name));
      return stored === undefined ? undefined : { record: JSON.parse(stored.text), version: stored.version };
    },
    async commit({ record, basedOn }) {
      const key = imageKey(record.name);
      if (images.get(key)?.version !== basedOn) return 'conflict';
      const version = `v${++writes}`;
      images.set(key, { text: JSON.stringify(record), version });
      return { version };
    },
    async noteAccepted(name, accepted) {
      const stored = images.get(imageKey(name));
      if (stored === undefined) return;
      const record = accepted.reduce(noteAccepted, JSON.parse(stored.text) as ImageRecord);
      images.set(imageKey(name), { text: JSON.stringify(record), version: `v${++writes}` });
    },
    async publishedSince({ registry, since, cursor = '', limit }) {
      const found = [...images]
        .map(([key, { text }]) => ({ key, record: JSON.parse(text) as ImageRecord }))
        .filter(({ record }) => record.name.registry === registry && (lastPublishedAt(record) ?? 0) >= since)
        .filter(({ key }) => key > cursor)
        .sort((a, b) => (a.key < b.key ? -1 : 1));
      const shown = found.slice(0, limit);
      const next = found.length > limit ? (shown.at(-1)?.key ?? null) : null;
      return { images: shown.map(({ record }) => record), next };
    },
  };
}

export function memoryImageLists(): ImageLists {
  const lists = new Map<string, ListEntry>();
  const keyOf = (list: string, { name, firstSeenAt }: ListEntry) => `${list} ${firstSeenAt} ${imageKey(name)}`;
  return {
    async add(entry, names) {
      for (const list of names) lists.set(keyOf(list, entry), entry);
    },
    async remove(entry, names) {
      for (const list of names) lists.delete(keyOf(list, entry));
    },
    async page({ registry, list, repository, cursor, before = Number.POSITIVE_INFINITY, limit }) {
      const wanted = repository === undefined ? list : 'all';
      const entries = [...lists]
        .filter(([key]) => key.startsWith(`${wanted} `))
        .map(([, entry]) => entry)
        .filter(({ name }) => name.registry === registry && (repository ?? name.repository) === name.repository)
        .filter(({ firstSeenAt }) => firstSeenAt < before)
        .map((entry) => ({ entry, place: placeOf(entry) }))
        .filter(({ place }) => cursor === undefined || place > Buffer.from(cursor, 'base64url').toString())
        .sort((a, b) => (a.place < b.place ? -1 : 1));
      const shown = entries.slice(0, limit);
      const last = shown.at(-1);
      const isEnd = entries.length <= limit || last === undefined;
      return {
        entries: shown.map(({ entry }) => entry),
        next: isEnd ? null : Buffer.from(last.place).toString('base64url'),
      };
    },
  };
}

/** Sorts the newest first. */
function placeOf({ name, firstSeenAt }: ListEntry): string {
  return `${String(Number.MAX_SAFE_INTEGER - firstSeenAt).padStart(16, '0')} ${imageKey(name)}`;
}

export function memoryTagDigests(): TagDigests {
  const tags = new Map<string, Map<Digest, EventTime>>();
  const keyOf = ({ registry, repository, tag }: TagName) => `${registry}/${repository}:${tag}`;
  return {
    async note(name, digest, pushedAt) {
      const known = tags.get(keyOf(name));
      tags.set(keyOf(name), (known ?? new Map<Digest, EventTime>()).set(digest, pushedAt));
      return known === undefined ? 'first' : 'again';
    },
    async digests(name) {
      return [...(tags.get(keyOf(name)) ?? [])]
        .map(([digest, pushedAt]) => ({ digest, pushedAt }))
        .sort((a, b) => (a.pushedAt < b.pushedAt ? 1 : -1));
    },
    async forget(name, digest, pushedAt) {
      const known = tags.get(keyOf(name));
      const noted = known?.get(digest);
      if (noted !== undefined && !isLater(noted, pushedAt)) known?.delete(digest);
    },
  };
}

export function memoryWebhookLog(): HeartbeatStore {
  const lastEvents = new Map<string, Map<Region, number>>();
  return {
    async note(registry, region, at) {
      lastEvents.set(registry, (lastEvents.get(registry) ?? new Map<Region, number>()).set(region, at));
    },
    last: async (registry) => new Map(lastEvents.get(registry)),
  };
}

export function memoryReplicaSetStore(): ReplicaSetStore {
  const sets = new Map<string, { readonly text: string; readonly version: string }>();
  let writes = 0;
  return {
    async load(registry) {
      const stored = sets.get(registry);
      return stored === undefined ? undefined : { set: JSON.parse(stored.text), version: stored.version };
    },
    async save(registry, set, basedOn) {
      if (sets.get(registry)?.version !== basedOn) return 'conflict';
      const version = `v${++writes}`;
      sets.set(registry, { text: JSON.stringify(set), version });
      return { version };
    },
  };
}

export function memoryCheckpointStore(): CheckpointStore {
  const notes = new Map<string, ReconcileCheckpoint>();
  return {
    load: async (registry) => notes.get(registry),
    async save(registry, note) {
      notes.set(registry, note);
    },
  };
}

export function memoryHealthEventLog(): HealthEventLog {
  const events = new Map<string, HealthEvent>();
  return {
    async note(registry, event) {
      const key = `${registry} ${event.trackingId}`;
      if ((events.get(key)?.reportedAt ?? 0) > event.reportedAt) return 'outdated';
      events.set(key, event);
      return 'recorded';
    },
    open: async (registry) =>
      [...events].filter(([key, event]) => key.startsWith(`${registry} `) && event.isOpen).map(([, event]) => event),
  };
}

/** For an app that does not audit webhooks. */
export const noAudit: WebhookAudit = { status: () => ({ status: 'unknown', checkedAt: null }) };

export interface SetTimer {
  readonly name: ImageName;
  readonly at: number;
  readonly firstNoticedAt?: number | undefined;
}

/** @returns the timer, with what was set on it */
export function memoryReconcileQueue(): ReconcileQueue & { readonly set: SetTimer[] } {
  const set: SetTimer[] = [];
  return {
    set,
    async add(name, at, firstNoticedAt) {
      set.push({ name, at, firstNoticedAt });
      return at;
    },
    async cancel(name, at) {
      const place = set.findIndex((one) => one.at === at && imageKey(one.name) === imageKey(name));
      if (place >= 0) set.splice(place, 1);
    },
  };
}

/** @returns the queue, with what was put on it */
export function memoryDeliveryQueue(): DeliveryQueue & { readonly deferred: Received[] } {
  const deferred: Received[] = [];
  return {
    deferred,
    async defer(delivery) {
      deferred.push(delivery);
    },
  };
}

/** @returns the topic, with what it accepted */
export function memoryPublisher(): EventPublisher & { readonly published: CloudEvent[] } {
  const published: CloudEvent[] = [];
  return {
    published,
    async publish(events) {
      published.push(...events);
    },
  };
}

/** @returns the queue, with what was put on it and what was dead-lettered */
export function memoryForwardQueue(): ForwardQueue & {
  readonly waiting: { readonly order: ForwardOrder; readonly attempt: number; readonly delayMs: number }[];
  readonly deadLettered: { readonly order: ForwardOrder; readonly reason: string }[];
} {
  const waiting: { order: ForwardOrder; attempt: number; delayMs: number }[] = [];
  const deadLettered: { order: ForwardOrder; reason: string }[] = [];
  return {
    waiting,
    deadLettered,
    async put(order, attempt, delayMs) {
      waiting.push({ order, attempt, delayMs });
    },
    async deadLetter(order, reason) {
      deadLettered.push({ order, reason });
    },
  };
}
