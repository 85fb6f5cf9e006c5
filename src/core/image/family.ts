/**
 * A family: an index and the manifests that it lists, its members. The index's record holds a copy of each member's arrivals,
 * so that this one record decides in which regions the whole family is available. See docs/architecture.md.
 */
import type { Digest } from '../model/digest.ts';
import { isLater, latest } from '../model/event-time.ts';
import type { Region } from '../model/region.ts';
import type { Arrival, Fact } from './arrival.ts';
import { isAvailable, isDoubtful } from './arrival.ts';

export interface Member {
  readonly digest: Digest;
  readonly kind: 'platform' | 'attestation' | 'artifact';
  /** `linux/arm64/v8`; `null` where the index names none. */
  readonly platform: string | null;
  readonly artifactType: string | null;
}

/** The arrivals of one manifest, by region. */
export type RegionalArrivals = Readonly<Record<string, Arrival>>;

export interface Family {
  /** Also those that a nested index lists; `null` while they are not known. */
  readonly members: readonly Member[] | null;
  /**
   * Bytes of each member, in the order of `members`; `null` where not known. 0 for a nested index, and where a digest is listed again,
   * so that the sum has each once.
   */
  readonly bytes?: readonly (number | null)[];
  /** The members' arrivals, by digest. A manifest may be here before `members` is known. */
  readonly reported: Readonly<Record<string, RegionalArrivals>>;
  /** While `true` the image is available in no region: the index is being read, or is incomplete. */
  readonly isHeld: boolean;
  /** A nested index was not found at the last read. The image stays held until none is missing. */
  readonly isIncomplete?: true;
  /** While it is incomplete: the nested indexes that were not found at the last read. */
  readonly missing?: readonly Digest[];
  /** Failed attempts to read it, without those that a report has caused. */
  readonly tries: number;
  /** When it must be read again at the latest, milliseconds since 1970; `null` if it will not be read again. */
  readonly nextReadAt: number | null;
  /** Why the members are not known; one line for people. */
  readonly reason: string | null;
}

/** Their arrivals fit in one table row, even with every Azure region. */
export const maxMembers = 100;

export function memberArrival(family: Family | undefined, member: Digest, region: string): Arrival | undefined {
  const arrivals = family !== undefined && Object.hasOwn(family.reported, member) ? family.reported[member] : undefined;
  return arrivals !== undefined && Object.hasOwn(arrivals, region) ? arrivals[region] : undefined;
}

/** The arrivals of all members in one region, as far as they have reported. */
export function memberArrivals(family: Family | undefined, region: string): Arrival[] {
  return (family?.members ?? []).flatMap(({ digest }) => memberArrival(family, digest, region) ?? []);
}

/**
 * When we learned that the region has the index and all its members, milliseconds since 1970; `undefined` while one is missing.
 */
export function wholeSince(arrival: Arrival | undefined, family: Family | undefined, region: string) {
  const members = (family?.members ?? []).map(({ digest }) => memberArrival(family, digest, region));
  const isDeepVerified = arrival?.evidence.includes('deepProbe') === true;
  const all = [arrival, ...members.filter((one) => one !== undefined || !isDeepVerified)];
  const times = all.flatMap((one) => (one !== undefined && isAvailable(one) ? [one.since] : []));
  return times.length < all.length ? undefined : Math.max(...times);
}

/** What its index stores of a member's arrival. Evidence is sorted, so that equal copies are equal. */
export function withoutTags(arrival: Arrival): Arrival {
  const { ahead: _ahead, doubtedTags: _doubtedTags, ...rest } = arrival;
  return { ...rest, eventTime: null, evidence: [...rest.evidence].sort(), tags: {}, untagged: {} };
}

/**
 * Merges two copies of one arrival; the order does not matter. Keeps the newest of each time, but the oldest `since`.
 * @returns the same object as `before` if `other` adds nothing
 */
export function joinArrivals(before: Arrival | undefined, other: Arrival): Arrival {
  if (before === undefined) return withoutTags(other);
  const deletedAt = latest(before.deletedAt, other.deletedAt);
  const doubtedAt = latest(before.doubtedAt ?? null, other.doubtedAt ?? null);
  const times = { ...before, pushedAt: latest(before.pushedAt, other.pushedAt), deletedAt };
  // Evidence and `since` come only from copies that already know the present state.
  const hasSeen = (one: Arrival) =>
    isAvailable(times) ? one.pushedAt !== null && isLater(one.pushedAt, deletedAt) : one.deletedAt === deletedAt;
  const seen = [before, other].filter(hasSeen);
  const evidence = [...new Set(seen.flatMap((one) => one.evidence))].sort();
  const joined: Arrival = {
    ...times,
    since: Math.min(...seen.map(({ since }) => since)),
    learnedAt: Math.max(before.learnedAt, other.learnedAt),
    evidence,
    ...(doubtedAt === null ? {} : { doubtedAt }),
  };
  return JSON.stringify(joined) === JSON.stringify(before) ? before : joined;
}

/**
 * What an index knows of a member and the member's own record does not: the index is written first, and the instance may have died
 * before the second write.
 * @param own the member's arrivals, by region
 * @param copies those that the index has
 * @returns to be recorded in this order
 */
export function factsOnlyInIndex(own: RegionalArrivals, copies: RegionalArrivals): Fact[] {
  return Object.entries(copies).flatMap(([region, copy]) => {
    const known = Object.hasOwn(own, region) ? own[region] : undefined;
    const { deletedAt, doubtedAt = null, pushedAt, learnedAt } = copy;
    const at = { region: region as Region, receivedAt: learnedAt, tag: undefined, mediaType: undefined };
    const facts: Fact[] = [];
    if (deletedAt !== null && isLater(deletedAt, known?.deletedAt ?? null))
      facts.push({ ...at, kind: 'delete', eventTime: deletedAt, evidence: 'probe' });
    if (doubtedAt !== null && isLater(doubtedAt, known?.doubtedAt ?? null))
      facts.push({ ...at, kind: 'doubt', eventTime: doubtedAt, evidence: 'webhook' });
    if (pushedAt === null || !isAvailable(copy) || !isLater(pushedAt, known?.deletedAt ?? null)) return facts;
    // Where the record has it without doubt and with the same evidence, one more report changes nothing.
    const isCertain = known !== undefined && isAvailable(known) && !isDoubtful(known);
    const isNewPush = !isCertain && isLater(pushedAt, known?.pushedAt ?? null);
    const isNewEvidence = copy.evidence.some((evidence) => known?.evidence.includes(evidence) !== true);
    if (facts.length === 0 && !isNewPush && !isNewEvidence) return facts;
    // With its own evidence: a webhook alone must not count as confirmed by the replica.
    facts.push(...copy.evidence.map((evidence): Fact => ({ ...at, kind: 'push', eventTime: pushedAt, evidence })));
    return facts;
  });
}
