/**
 * What we need from the world, on one page. Each port is a role; adapters fulfil it with one technology, and one
 * contract suite per port runs on memory and on the real thing. Every method fails with a `WorldError` when the world
 * does not do what was asked; outcomes that are normal are answers, not errors.
 */
import type { Acknowledgement } from './acknowledge.ts';
import type { CloudEvent } from './announcement.ts';
import type { Fact } from './arrival.ts';
import type { Digest } from './digest.ts';
import type { EventTime } from './event-time.ts';
import type { ForwardOrder, ForwardTarget } from './forwarding/forward.ts';
import type { ImageName, ImageRecord } from './image.ts';
import type { Repository, Tag } from './reference.ts';
import type { Region } from './region.ts';
import type { Registry } from './registry.ts';
import type { Replica, ReplicaSet } from './replica-set.ts';
import type { TagName } from './tag.ts';
import type { TraceParent } from './telemetry.ts';

/** Names one stored version of a record; opaque. */
export type Version = string;

export interface StoredImage {
  readonly record: ImageRecord;
  readonly version: Version;
}

export interface ImageChange {
  readonly record: ImageRecord;
  /** The version it was derived from; `undefined` for an image that is not stored yet. */
  readonly basedOn: Version | undefined;
}

/** The truth about images: one record each, written whole or not at all. */
export interface ImageStore {
  read(name: ImageName): Promise<StoredImage | undefined>;
  /** `conflict`: another writer was first; read again and decide again. */
  commit(change: ImageChange): Promise<{ readonly version: Version } | 'conflict'>;
  /**
   * Notes beside the record what the topic has taken, whatever the record's version is; from now on it is in what is read.
   * About an image that is not there nothing is noted.
   * @param now milliseconds since 1970
   */
  acknowledge(name: ImageName, taken: readonly Acknowledgement[], now: number): Promise<void>;
  /** Forgets the image. `conflict`: it has changed since. */
  remove(stored: StoredImage): Promise<'removed' | 'conflict'>;
  /**
   * Images of a registry about which the topic took something at or after that time, in no particular order. A page may
   * be empty and still have a `next`.
   * @param cursor as returned by an earlier page
   */
  toldSince(query: {
    readonly registry: string;
    /** Milliseconds since 1970. */
    readonly since: number;
    readonly cursor: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly images: readonly ImageRecord[]; readonly next: string | null }>;
}

/** Which list of the index. `all` holds every image, the others those in that state; lists may lag, records decide. */
export type IndexList = (typeof everyList)[number];

export const everyList = ['all', 'replicating', 'delayed', 'deleted'] as const;

export interface IndexEntry {
  readonly name: ImageName;
  /** Start of the generation it was listed for, milliseconds since 1970. */
  readonly firstSeenAt: number;
}

export interface IndexPage {
  readonly entries: readonly IndexEntry[];
  /** Where the next page starts; `null` after the last. */
  readonly next: string | null;
}

/** Lists of images, newest first, at a cost that follows the page. Entries are hints: the record is the truth. */
export interface ImageIndex {
  add(entry: IndexEntry, lists: readonly IndexList[]): Promise<void>;
  /** Not finding the entry is fine. */
  remove(entry: IndexEntry, lists: readonly IndexList[]): Promise<void>;
  /** @param cursor as returned by an earlier page of the same list; whether its last entry is still there is no matter */
  page(query: {
    readonly registry: string;
    readonly list: IndexList;
    readonly repository?: Repository | undefined;
    readonly cursor?: string | undefined;
    /** Only images first seen before that time, milliseconds since 1970. */
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<IndexPage>;
}

/** Which digests a tag has been pushed with. */
export interface TagIndex {
  /**
   * @returns `first` when no digest had been noted under this tag before; `again` when one may have been, which may be
   * this one
   */
  note(name: TagName, digest: Digest, pushedAt: EventTime): Promise<'first' | 'again'>;
  /** Newest first. */
  digests(name: TagName): Promise<readonly { readonly digest: Digest; readonly pushedAt: EventTime }[]>;
  /** Unless it was noted with a later push than this one meanwhile. Not finding it is fine. */
  forget(name: TagName, digest: Digest, pushedAt: EventTime): Promise<void>;
}

/** When each replica's webhook last spoke, whatever it said. */
export interface WebhookLog {
  note(registry: string, region: Region, at: number): Promise<void>;
  /** Milliseconds since 1970 by region; regions that never spoke are left out. */
  last(registry: string): Promise<ReadonlyMap<Region, number>>;
}

/** A durable timer: somebody, on whatever instance, will look at the image at about that time. At least once. */
export interface WakeTimer {
  /**
   * @param at milliseconds since 1970; past times mean now
   * @param noticedAt handed back with the name: since when an image is looked for that no replica has told of yet
   */
  wake(name: ImageName, at: number, noticedAt?: number): Promise<void>;
}

/** A webhook event on its way to the tables. */
export interface Delivery {
  readonly name: ImageName;
  readonly fact: Fact;
  /** Where it was when it was put off, so that its trace goes on there. */
  readonly trace?: TraceParent | undefined;
}

/** Where deliveries wait while the tables do not answer. Durable; handed back at least once. */
export interface DeliveryQueue {
  /** @param delayMs how long to leave it alone first */
  defer(delivery: Delivery, delayMs: number): Promise<void>;
}

/** Webhooks to be forwarded, on their way to their targets. Durable; handed back at least once. */
export interface ForwardQueue {
  /**
   * @param attempt how often it has been tried
   * @param delayMs how long to leave it alone first
   */
  put(order: ForwardOrder, attempt: number, delayMs: number): Promise<void>;
  /** Lays aside what no target would take, for people to look at. */
  bury(order: ForwardOrder, reason: string): Promise<void>;
}

/** Sends one webhook to somebody else's address. */
export interface WebhookSender {
  /** A refusal is an answer: for people, without the address. Never fails. */
  send(
    target: ForwardTarget,
    body: string,
  ): Promise<'taken' | { readonly refusal: string; readonly retryAfterMs: number | undefined }>;
}

/** The topic. Returns once it has taken all of them; on an error, none may be assumed taken. */
export interface EventPublisher {
  publish(events: readonly CloudEvent[]): Promise<void>;
}

/** Whether a part of the world answers; fails with the reason when it does not. */
export interface HealthProbe {
  readonly name: string;
  check(): Promise<void>;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after that time, or as soon as the signal is aborted. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** One line per decision. Fields never hold a secret, a header, a body or a webhook URL. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * What one replica says when it is asked for a manifest. Not knowing is an answer of its own, never "absent".
 * `saidAt`: when, by the replica's own clock, which also stamps its events, and not later; milliseconds since 1970.
 */
export type ProbeAnswer =
  | {
      readonly kind: 'present';
      readonly digest: Digest;
      readonly mediaType: string | undefined;
      /** For `deep` questions: whether everything below the manifest is there as well. */
      readonly isWhole: boolean;
      readonly saidAt?: number | undefined;
    }
  /** The replica said 404. */
  | { readonly kind: 'absent'; readonly saidAt?: number | undefined }
  | {
      readonly kind: 'unclear';
      /** For people: `429`, `401 for the repository`, `timeout`. No URL, no token. */
      readonly reason: string;
      /** How long the replica asked to be left alone. */
      readonly retryAfterMs: number | undefined;
    };

/** Asks one replica itself. */
export interface ManifestProbe {
  /**
   * @param reference a digest asks for presence, a tag asks where it points
   * @param depth `deep` also asks for every child of an index, and for config and layers
   */
  ask(
    registry: Registry,
    region: Region,
    repository: Repository,
    reference: Digest | Tag,
    depth: 'manifest' | 'deep',
  ): Promise<ProbeAnswer>;
}

/** The registry's replicas as its control plane knows them. */
export interface ReplicaDirectory {
  /** Never empty. Fails with a `WorldError` when the control plane does not answer, or answers nonsense. */
  replicas(registry: Registry): Promise<readonly Replica[]>;
}

export interface StoredReplicaSet {
  readonly set: ReplicaSet;
  readonly version: Version;
}

/** Remembers replica sets, for when the control plane does not answer and for other instances. */
export interface ReplicaSetStore {
  load(registry: string): Promise<StoredReplicaSet | undefined>;
  /**
   * `conflict`: another instance has saved one since.
   * @param basedOn the version that was stored before the control plane was asked; `undefined` where none was
   */
  save(
    registry: string,
    set: ReplicaSet,
    basedOn: Version | undefined,
  ): Promise<{ readonly version: Version } | 'conflict'>;
}

/** How far the images that are not everywhere have been looked at for a set of replicas. */
export interface ReviewNote {
  /** Names the set, as far as it decides what is everywhere. */
  readonly set: string;
  /** Where the lists go on; `null` once all have been looked at. */
  readonly cursor: string | null;
}

/** Remembers it, so that a review goes on when the instance that makes it dies. */
export interface ReviewLog {
  load(registry: string): Promise<ReviewNote | undefined>;
  save(registry: string, note: ReviewNote): Promise<void>;
}

/** One webhook registration, as the control plane lists it. */
export interface WebhookRegistration {
  readonly name: string;
  readonly region: Region;
  readonly enabled: boolean;
  readonly actions: readonly string[];
  /** Empty: everything. */
  readonly scope: string;
}

/** One delivery the registry remembers having tried. */
export interface LoggedDelivery {
  readonly id: string;
  /** The body it sent, parsed; `undefined` where it is not JSON. */
  readonly body: unknown;
  /** What the receiver answered; `undefined` when it did not. */
  readonly status: number | undefined;
}

/** The registry's webhooks: to see whether they are as they must be, to mend them, and to read what was lost. */
export interface WebhookDirectory {
  list(registry: Registry): Promise<readonly WebhookRegistration[]>;
  /** Where it really points; the list does not say. */
  serviceUri(registry: Registry, name: string): Promise<string>;
  /** Creates it, or changes the one of that name: push and delete, everything, enabled, with the secret as header. */
  put(
    registry: Registry,
    webhook: { readonly name: string; readonly region: Region; readonly serviceUri: string; readonly secret: string },
  ): Promise<void>;
  /** @returns the id that the delivered ping will carry */
  ping(registry: Registry, name: string): Promise<string>;
  /** The newest deliveries it remembers; how many is the registry's choice. */
  deliveries(registry: Registry, name: string): Promise<readonly LoggedDelivery[]>;
}
