/**
 * Which replicas a registry has, made out of those that were known and what ARM says now. ARM's list discovers replicas and
 * proves nothing by what it lacks: it may be incomplete, empty or minutes old. So a replica stays expected until ARM, asked for
 * it by name, has said twice that there is none, or once after it was said to be `Deleting`. Only then is what it said void.
 */
import { sortRegions } from '../model/region.ts';
import type { GoneReplica, Replica, ReplicaSet } from '../model/replica-set.ts';

/** The registry's own region, and what ARM lists beside it or with it. */
export interface ReplicaList {
  /** As the registry itself describes it: without name and state, which only a replication has. */
  readonly home: Replica;
  /** May name a region more than once: one that is deleted and made anew is listed twice for a while. */
  readonly replicas: readonly Replica[];
}

/** What ARM said about one name; `unclear` when it did not answer. */
export type Finding = Replica | 'absent' | 'unclear';

/** Between the two answers that prove a replica gone: a single one may be wrong for a moment. */
export const proofAfterMs = 120_000;

/** Regions come and go by the dozen at most. */
const maxGone = 50;

/** Names ARM is to be asked about: all that it lists, and all that were known and are not proven gone. */
export function namesToAsk(before: ReplicaSet, { home, replicas }: ReplicaList): string[] {
  const known = knownReplicas(before).filter(({ region }) => region !== home.region);
  return [...new Set([...replicas, ...known].map(nameOf))];
}

/**
 * @param found what ARM said about each of these names
 * @param now when ARM was asked, milliseconds since 1970
 */
export function nextReplicas(
  before: ReplicaSet,
  { home, replicas: listed }: ReplicaList,
  found: ReadonlyMap<string, Finding>,
  now: number,
): Required<Pick<ReplicaSet, 'replicas' | 'gone'>> {
  const gone = new Map((before.gone ?? []).map((one) => [one.region, one]));
  const known = new Map(knownReplicas(before).map((one) => [one.region, one]));
  const regions = sortRegions([home, ...listed, ...known.values()].map(({ region }) => region));
  const replicas = regions.flatMap((region): Replica[] => {
    const here = listed.filter((one) => one.region === region);
    const old = known.get(region);
    const there = presentReplica(old === undefined ? here : [...here, old], found);
    if (region === home.region) return [withAbsence(there ?? home, old?.lastAbsentAt)];
    if (old === undefined) return newReplica(here, there, gone.get(region), now);
    if (findingOf(old, found) !== 'absent' || isNamedFirst(old, there)) {
      return [there === undefined ? old : withAbsence({ ...there, ...trackedName(old) }, old.lastAbsentAt)];
    }
    const missingAt = Math.min(old.missingAt ?? now, now);
    const isLeaving = [old, ...here].some((one) => nameOf(one) === nameOf(old) && isDeleting(one));
    if (!isLeaving && now - missingAt < proofAfterMs) return [{ ...(there ?? old), ...trackedName(old), missingAt }];
    // Another one is there already, and may have spoken since the old one was first found missing.
    if (there !== undefined) return [withAbsence(there, missingAt)];
    gone.set(region, { region, name: nameOf(old), at: now });
    return [];
  });
  for (const { region } of replicas) gone.delete(region);
  return { replicas, gone: [...gone.values()].sort((a, b) => b.at - a.at).slice(0, maxGone) };
}

/** Without what only settings have put there: an observed region needs no replica. */
function knownReplicas({ replicas }: ReplicaSet): Replica[] {
  return replicas
    .filter(({ name, expected }) => name !== undefined || expected)
    .map((replica) => ({ ...replica, expected: true }));
}

/** ARM names a replica after its region unless it is told another name. */
function nameOf({ name, region }: Replica): string {
  return name ?? region;
}

/** It keeps the name that it is asked for by until that is proven gone. */
function trackedName({ name }: Replica): Pick<Replica, 'name'> {
  return name === undefined ? {} : { name };
}

/** Until now its name was only guessed. */
function isNamedFirst(old: Replica, there: Replica | undefined): boolean {
  return old.name === undefined && there !== undefined;
}

function isDeleting({ provisioningState }: Replica): boolean {
  return provisioningState?.toLowerCase() === 'deleting';
}

/** No two replicas have one name: one that is found in another region is not here. */
function findingOf(replica: Replica, found: ReadonlyMap<string, Finding>): Finding {
  const finding = found.get(nameOf(replica)) ?? 'unclear';
  return typeof finding === 'object' && finding.region !== replica.region ? 'absent' : finding;
}

/** What ARM says when it is asked by name counts for more than its list; one that stays for more than one that leaves. */
function presentReplica(listed: readonly Replica[], found: ReadonlyMap<string, Finding>): Replica | undefined {
  const there = listed.flatMap((one) => {
    const finding = findingOf(one, found);
    return finding === 'absent' ? [] : [finding === 'unclear' ? one : finding];
  });
  return there.find((one) => !isDeleting(one)) ?? there[0];
}

/** Expected from when it is first listed, unless the list is so old that it names one that has been proven gone. */
function newReplica(
  listed: readonly Replica[],
  there: Replica | undefined,
  before: GoneReplica | undefined,
  now: number,
): Replica[] {
  if (there !== undefined) return [withAbsence(there, before?.at)];
  const [one] = listed.filter((each) => nameOf(each) !== before?.name);
  return one === undefined ? [] : [{ ...withAbsence(one, before?.at), missingAt: now }];
}

function withAbsence(replica: Replica, lastAbsentAt: number | undefined): Replica {
  return lastAbsentAt === undefined ? replica : { ...replica, lastAbsentAt };
}
