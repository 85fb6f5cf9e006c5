/**
 * An index and the manifests that it lists, its members: what the record of an index knows of them. What a member's own record
 * says of each region is copied here, so that one record decides where the whole family is. See docs/families.md.
 */
import type { Digest } from '../model/digest.ts';
import { isLater, latest } from '../model/event-time.ts';
import type { Arrival } from './arrival.ts';
import { isAvailable } from './arrival.ts';

export interface Member {
  readonly digest: Digest;
  readonly kind: 'platform' | 'attestation' | 'artifact';
  /** `linux/arm64/v8`; `null` where the index names none. */
  readonly platform: string | null;
  readonly artifactType: string | null;
}

/** Of one manifest, by region. */
export type RegionalArrivals = Readonly<Record<string, Arrival>>;

export interface Family {
  /** With those of an index in it; `null` while they are not known. */
  readonly members: readonly Member[] | null;
  /** Bytes of each member, in their order; `null` where they are not known. */
  readonly bytes?: readonly (number | null)[];
  /** By digest; also of a member that reports before it is known as one. */
  readonly said: Readonly<Record<string, RegionalArrivals>>;
  /** The index is being read, or incomplete: until that has ended no region counts. */
  readonly isHeld: boolean;
  /** An index that it lists was not found when it was last read: it stays held until none is missing. */
  readonly isIncomplete?: true;
  /** While it is incomplete: those that were not found when it was last read. */
  readonly missing?: readonly Digest[];
  /** Tries that have ended without members; not those that a report has caused. */
  readonly tries: number;
  /** When it is to be read again at the latest, milliseconds since 1970; `null` once that is over. */
  readonly nextReadAt: number | null;
  /** Why the members are not known, for people. */
  readonly reason: string | null;
}

/** A row holds that many in every region of Azure. */
export const maxMembers = 100;

export function memberArrival(family: Family | undefined, member: Digest, region: string): Arrival | undefined {
  const arrivals = family !== undefined && Object.hasOwn(family.said, member) ? family.said[member] : undefined;
  return arrivals !== undefined && Object.hasOwn(arrivals, region) ? arrivals[region] : undefined;
}

/** What the members say of one region. */
export function memberArrivals(family: Family | undefined, region: string): Arrival[] {
  return (family?.members ?? []).flatMap(({ digest }) => memberArrival(family, digest, region) ?? []);
}

/** When the last of the index and its members was learned to be there; `undefined` while one is not. */
export function wholeSince(arrival: Arrival | undefined, family: Family | undefined, region: string) {
  const members = (family?.members ?? []).map(({ digest }) => memberArrival(family, digest, region));
  const isShown = arrival?.evidence.includes('deepProbe') === true;
  const all = [arrival, ...members.filter((one) => one !== undefined || !isShown)];
  const times = all.flatMap((one) => (one !== undefined && isAvailable(one) ? [one.since] : []));
  return times.length < all.length ? undefined : Math.max(...times);
}

/** What an index has to know of a member: not its tags. */
export function withoutTags(arrival: Arrival): Arrival {
  const { ahead: _ahead, doubtedTags: _doubtedTags, ...rest } = arrival;
  return { ...rest, eventTime: null, evidence: [...rest.evidence].sort(), tags: {}, untagged: {} };
}

/** Both copies together, in any order: of each time the newest. The first one where the second brings nothing new. */
export function joinArrivals(before: Arrival | undefined, other: Arrival): Arrival {
  if (before === undefined) return withoutTags(other);
  const deletedAt = latest(before.deletedAt, other.deletedAt);
  const doubtedAt = latest(before.doubtedAt ?? null, other.doubtedAt ?? null);
  const times = { ...before, pushedAt: latest(before.pushedAt, other.pushedAt), deletedAt };
  // About the present state those speak that have seen it.
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
