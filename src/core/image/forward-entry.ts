/**
 * Forwarding: the registry's push webhook, sent to its receiver once the image is in the regions that the receiver pulls from.
 * Tools that act on a registry's webhook (Flux, Argo CD Image Updater, Kargo, Keel) then act at the right moment, without
 * knowing about replicas. Like announcements, forwards are stored in the image's record, in the write that makes them due.
 */

import { hash } from 'node:crypto';
import type { Tag } from '../model/reference.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { Requirement } from '../model/requirement.ts';
import { neededOf } from '../model/requirement.ts';
import { matchesGlob } from '../runtime/glob.ts';
import { hasTag } from './arrival.ts';
import type { ForwardEntry, ForwardSending, ImageName, ImageRecord } from './record.ts';
import { arrivalIn, lastTagged, progressOf } from './record.ts';
import { isAvailableIn } from './state.ts';

export interface ForwardTarget {
  /** Letters, digits and hyphens; identifies it in records and logs. */
  readonly name: string;
  readonly url: string;
  /** Only images of this registry; `undefined`: of all registries. */
  readonly registry: string | undefined;
  /** Globs, in which `*` matches anything; one of them must match. */
  readonly repositories: readonly string[];
  readonly tags: readonly string[];
  /** Regions that must have the image; `undefined`: every expected region. */
  readonly regions: readonly Region[] | undefined;
  readonly require: Requirement['require'];
  /** Key of the body's signature in `X-Signature`. */
  readonly secret: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the URL may lead to this machine or a private network. */
  readonly allowPrivate: boolean;
}

/** One webhook to be sent to one target. */
export interface ForwardOrder {
  readonly target: string;
  readonly name: ImageName;
  readonly tag: Tag;
  readonly mediaType: string | null;
  /** When the tag was pushed, ISO 8601. */
  readonly pushedAt: string;
  /** When the requirement was met, milliseconds since 1970. */
  readonly madeAt: number;
  /** A UUID; equal for equal facts, so that a receiver can recognise a repeat. */
  readonly id: string;
}

/** Whether the target wants this image and tag, by its patterns. */
export function isFor(target: ForwardTarget, { registry, repository }: ImageName, tag: Tag): boolean {
  const fits = (patterns: readonly string[], text: string) => patterns.some((pattern) => matchesGlob(pattern, text));
  const isRegistry = target.registry === undefined || target.registry === registry;
  return isRegistry && fits(target.repositories, repository) && fits(target.tags, tag);
}

/** Which regions must have an image before it is forwarded to this target, and how many of them. */
export function requirementOf(target: ForwardTarget, set: ReplicaSet): Requirement {
  const regions = target.regions ?? expectedRegions(set);
  const { require } = target;
  return { regions, require, needed: neededOf(require, regions) };
}

/** Forwards that are due and not stored yet. A tag that has moved is forwarded with its new digest. */
export function dueForwards(
  record: ImageRecord,
  set: ReplicaSet,
  targets: readonly ForwardTarget[],
  now: number,
): ForwardEntry[] {
  const noted = new Set(record.forwards.map((entry) => entry.key));
  const due: ForwardEntry[] = [];
  for (const [text, { state, round, isCompared }] of Object.entries(record.tags)) {
    const tag = text as Tag;
    if (!isCompared || (state !== 'open' && state !== 'converged')) continue;
    for (const target of targets) {
      const key = `${record.firstSeenAt}.${target.name}.${round}.${tag}`;
      if (noted.has(key) || !isFor(target, record.name, tag) || !isMet(record, tag, set, target)) continue;
      due.push({ key, madeAt: now, queuedAt: null });
    }
  }
  return due;
}

function isMet(record: ImageRecord, tag: Tag, set: ReplicaSet, target: ForwardTarget): boolean {
  const { regions, needed } = requirementOf(target, set);
  const has = regions.filter((region) => {
    const arrival = arrivalIn(record, region);
    return arrival !== undefined && isAvailableIn(record, region, set) && hasTag(arrival, tag);
  });
  return has.length >= needed;
}

/** Enough that a tag pushed once more with the same digest is not forwarded again before many others have been. */
const maxForwards = 200;

/**
 * Drops forwards of earlier generations, and the oldest above the limit; none that is not queued yet or may become due again.
 */
export function keepForwards(entries: readonly ForwardEntry[], record: ImageRecord): readonly ForwardEntry[] {
  const isOfBefore = ({ key }: ForwardEntry) => !key.startsWith(`${record.firstSeenAt}.`);
  const kept = entries.filter((entry) => entry.queuedAt === null || !isOfBefore(entry));
  const spare = kept.length - maxForwards;
  if (spare <= 0) return kept;
  const isOld = (entry: ForwardEntry) => entry.queuedAt !== null && !mayBeDueAgain(entry, record);
  const old = new Set(kept.filter(isOld).slice(0, spare));
  return kept.filter((entry) => !old.has(entry));
}

/** Whether the forward would be due again without its entry: the tag still points here, or may start again at round 1. */
function mayBeDueAgain(entry: ForwardEntry, record: ImageRecord): boolean {
  const { tag, round } = partsOf(entry);
  const progress = progressOf(record, tag);
  if (progress !== undefined && progress.round > round) return false;
  if (lastTagged(record, tag) !== null) return true;
  return progress?.round === round && (progress.state === 'open' || progress.state === 'converged');
}

function partsOf(entry: ForwardEntry): { readonly target: string; readonly round: number; readonly tag: Tag } {
  const [, target = '', round, tag = ''] = /^\d+\.([^.]*)\.(\d+)\.(.*)$/.exec(entry.key) ?? [];
  return { target, round: Number(round), tag: tag as Tag };
}

export function toOrder(record: ImageRecord, entry: ForwardEntry): ForwardOrder {
  const { target, tag } = partsOf(entry);
  const pushedAt = lastTagged(record, tag) ?? new Date(entry.madeAt).toISOString();
  const { name, mediaType } = record;
  return { target, name, tag, mediaType, pushedAt, madeAt: entry.madeAt, id: orderId(name, entry) };
}

function orderId({ registry, repository, digest }: ImageName, { key }: ForwardEntry): string {
  return uuidOf([key, registry, repository, digest]);
}

/** How the delivery of one order went; shown with the image. */
export interface ForwardProgress {
  readonly kind: 'forwardProgress';
  /** `ForwardOrder.id`. */
  readonly id: string;
  readonly sending: ForwardSending;
}

/** Which state wins: once accepted, an order stays accepted, whatever happens to a repeat. */
const finality: Record<ForwardSending['state'], number> = { retrying: 0, dropped: 1, givenUp: 1, accepted: 2 };

/**
 * Two instances may deliver the same order and store their progress in any order. A final state wins, then the higher attempt.
 * Clocks of instances differ, so times decide only between equal attempts.
 */
function isFurther(one: ForwardSending, other: ForwardSending): boolean {
  const differences = [finality[one.state] - finality[other.state], one.attempts - other.attempts, one.at - other.at];
  return (differences.find((difference) => difference !== 0) ?? 0) > 0;
}

export function noteForward(record: ImageRecord, { id, sending }: ForwardProgress): ImageRecord {
  const isMeant = (entry: ForwardEntry) =>
    orderId(record.name, entry) === id && (entry.sending === undefined || isFurther(sending, entry.sending));
  if (!record.forwards.some(isMeant)) return record;
  return { ...record, forwards: record.forwards.map((entry) => (isMeant(entry) ? { ...entry, sending } : entry)) };
}

/** One forward, as the API shows it. */
export interface ForwardReport {
  readonly id: string;
  readonly target: string;
  readonly tag: Tag;
  readonly madeAt: number;
  readonly queuedAt: number | null;
  readonly sending: ForwardSending | undefined;
}

export function reportForwards({ name, forwards }: ImageRecord): ForwardReport[] {
  return forwards.map((entry) => {
    const { target, tag } = partsOf(entry);
    const { madeAt, queuedAt, sending } = entry;
    return { id: orderId(name, entry), target, tag, madeAt, queuedAt, sending };
  });
}

/** The body of a registry's push webhook. The manifest's size is left out, since it is not known here. */
export function toPushWebhook(order: ForwardOrder, registry: Registry): object {
  const { name, tag, mediaType, pushedAt, id } = order;
  return {
    id,
    timestamp: pushedAt,
    action: 'push',
    target: {
      ...(mediaType === null ? {} : { mediaType }),
      digest: name.digest,
      repository: name.repository,
      tag,
    },
    request: { id: uuidOf([id, 'request']), host: registry.loginServer, method: 'PUT' },
  };
}

/** An RFC 9562 version 8 UUID, from a hash of the facts. */
function uuidOf(facts: readonly string[]): string {
  const hex = hash('sha256', facts.join('\n'));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
