/**
 * Computes which replicas a registry has, from the known ones and ARM's answers. ARM's list shows new replicas, but a replica
 * that it lacks may exist: the list may be incomplete, empty or minutes old. So a replica stays expected until ARM, asked for it
 * by name, has answered twice that there is none, or once if its state was `Deleting`. Only then are its reports void.
 */
import { sortRegions } from '../model/region.ts';
import type { GoneReplica, Replica, ReplicaSet } from '../model/replica-set.ts';

/** The registry's home region, and the replicas that ARM lists. */
export interface ReplicaList {
  /** From the registry resource: without name and state, which only a replication resource has. */
  readonly home: Replica;
  /** May name a region more than once: a replica that was deleted and created again is listed twice for a while. */
  readonly replicas: readonly Replica[];
}

/** ARM's answer about one name; `unclear` when it did not answer. */
export type Finding = Replica | 'absent' | 'unclear';

/** Between the two answers that prove a replica gone: one answer alone may be wrong for a moment. */
export const proofAfterMs = 120_000;

/** More than any registry has regions that come and go. */
const maxGone = 50;

/** The names to ask ARM about: all that it lists, and all known ones that are not proven gone. */
export function namesToAsk(before: ReplicaSet, { home, replicas }: ReplicaList): string[] {
  const known = knownReplicas(before).filter(({ region }) => region !== home.region);
  return [...new Set([...replicas, ...known].map(nameOf))];
}

/**
 * @param found ARM's answer about each of these names
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
    // Another replica is there already, and may have sent reports since the old one was first found missing.
    if (there !== undefined) return [withAbsence(there, missingAt)];
    gone.set(region, { region, name: nameOf(old), at: now });
    return [];
  });
  for (const { region } of replicas) gone.delete(region);
  return { replicas, gone: [...gone.values()].sort((a, b) => b.at - a.at).slice(0, maxGone) };
}

/** Without regions that only the settings name: an observed region needs no replica. */
function knownReplicas({ replicas }: ReplicaSet): Replica[] {
  return replicas
    .filter(({ name, expected }) => name !== undefined || expected)
    .map((replica) => ({ ...replica, expected: true }));
}

/** ARM names a replica after its region unless its creator chose another name. */
function nameOf({ name, region }: Replica): string {
  return name ?? region;
}

/** Keeps the name by which ARM is asked until that replica is proven gone. */
function trackedName({ name }: Replica): Pick<Replica, 'name'> {
  return name === undefined ? {} : { name };
}

/** Whether its name was only assumed until now. */
function isNamedFirst(old: Replica, there: Replica | undefined): boolean {
  return old.name === undefined && there !== undefined;
}

function isDeleting({ provisioningState }: Replica): boolean {
  return provisioningState?.toLowerCase() === 'deleting';
}

/** A name belongs to one replica: if it is found in another region, it is absent here. */
function findingOf(replica: Replica, found: ReadonlyMap<string, Finding>): Finding {
  const finding = found.get(nameOf(replica)) ?? 'unclear';
  return typeof finding === 'object' && finding.region !== replica.region ? 'absent' : finding;
}

/** ARM's answer by name outranks its list; a replica that stays outranks one that is being deleted. */
function presentReplica(listed: readonly Replica[], found: ReadonlyMap<string, Finding>): Replica | undefined {
  const there = listed.flatMap((one) => {
    const finding = findingOf(one, found);
    return finding === 'absent' ? [] : [finding === 'unclear' ? one : finding];
  });
  return there.find((one) => !isDeleting(one)) ?? there[0];
}

/** Expected from when it is first listed, unless an old list names a replica that was proven gone. */
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
