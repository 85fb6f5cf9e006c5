/**
 * Forwarding: the push webhook that the registry would send, sent once the image is where its receiver will pull it from.
 * Tools that act on a registry's webhook (Flux, Argo CD Image Updater, Kargo, Keel) then act at the right moment, without
 * knowing about replicas. What is to be forwarded is noted in the image's record, in the write that makes it true.
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
  /** Letters, digits and hyphens; names it in records and logs. */
  readonly name: string;
  readonly url: string;
  /** Which registry's images; every one without. */
  readonly registry: string | undefined;
  /** `*` stands for anything; one of them must fit. */
  readonly repositories: readonly string[];
  readonly tags: readonly string[];
  /** Regions that must have it; every expected one without. */
  readonly regions: readonly Region[] | undefined;
  readonly require: Requirement['require'];
  /** Signs the body, in `X-Signature`. */
  readonly secret: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether it may be on this machine or in a private network. */
  readonly allowPrivate: boolean;
}

/** One webhook on its way to one target. */
export interface ForwardOrder {
  readonly target: string;
  readonly name: ImageName;
  readonly tag: Tag;
  readonly mediaType: string | null;
  /** When the tag was pushed, ISO 8601. */
  readonly pushedAt: string;
  /** When the requirement was met, milliseconds since 1970. */
  readonly madeAt: number;
  /** Equal for equal facts, so that a receiver can tell a repeat. */
  readonly id: string;
}

/** Whether images of this name are for this target at all. */
export function isFor(target: ForwardTarget, { registry, repository }: ImageName, tag: Tag): boolean {
  const fits = (patterns: readonly string[], text: string) => patterns.some((pattern) => matchesGlob(pattern, text));
  const isRegistry = target.registry === undefined || target.registry === registry;
  return isRegistry && fits(target.repositories, repository) && fits(target.tags, tag);
}

/** Regions and how many of them, for this target. */
export function requirementOf(target: ForwardTarget, set: ReplicaSet): Requirement {
  const regions = target.regions ?? expectedRegions(set);
  const { require } = target;
  return { regions, require, needed: neededOf(require, regions) };
}

/** What has become due and is not noted yet. A tag that has moved on is forwarded with the digest it moved to. */
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

/** Keeps what is still to be queued, and of this generation what could become due again and the newest of the rest. */
export function keepForwards(entries: readonly ForwardEntry[], record: ImageRecord): readonly ForwardEntry[] {
  const isOfBefore = ({ key }: ForwardEntry) => !key.startsWith(`${record.firstSeenAt}.`);
  const kept = entries.filter((entry) => entry.queuedAt === null || !isOfBefore(entry));
  const spare = kept.length - maxForwards;
  if (spare <= 0) return kept;
  const isOld = (entry: ForwardEntry) => entry.queuedAt !== null && !mayBeDueAgain(entry, record);
  const old = new Set(kept.filter(isOld).slice(0, spare));
  return kept.filter((entry) => !old.has(entry));
}

/** Whether the tag still stands where it was forwarded, or may start over there when it is pushed again. */
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

/** What became of one order, for whoever looks at the image. */
export interface ForwardProgress {
  readonly kind: 'forwardProgress';
  /** Of the order. */
  readonly id: string;
  readonly sending: ForwardSending;
}

/** What one target accepted once is accepted, whatever became of a repeat. */
const finality: Record<ForwardSending['state'], number> = { retrying: 0, dropped: 1, givenUp: 1, accepted: 2 };

/**
 * The same order may be delivered by two instances, and their notes may be written in any order: what is final stays, then
 * the higher attempt. Their clocks may differ, so that times decide only between equal attempts.
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

/** One forward, as it is shown. */
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

/** The body as the registry writes it. The manifest's size is left out: no replica has told it. */
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

/** RFC 9562 version 8: from the facts themselves. */
function uuidOf(facts: readonly string[]): string {
  const hex = hash('sha256', facts.join('\n'));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
