/**
 * What may and what must be answered about artifacts that are attached to an image: an artifact is where it was
 * reported, and an instance knows that it is attached once its tag was reported, or once the instance has received a
 * list of referrers that names it.
 */
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Case } from './case.ts';
import type { Report, View } from './history.ts';

/** The instance that decides; any instance without a label. */
export interface Decider {
  readonly label?: string | undefined;
  /** When the question came in; what was known before then is known. */
  readonly before: number;
}

/** The artifacts of this kind, whether they have been pushed or not. */
export function artifactsOfKind(on: Case, subject: number, kind: string): readonly number[] {
  return on.family.artifacts(subject).filter((artifact) => on.family.attachment(artifact)?.kind === kind);
}

/** Those that were pushed or reported. */
export function pushedOfKind(on: Case, subject: number, kind: string): readonly number[] {
  return artifactsOfKind(on, subject, kind).filter(
    (artifact) => on.registry.registryEvents.some(({ image }) => image === artifact) || isSpokenOf(on, artifact),
  );
}

function isSpokenOf(on: Case, artifact: number): boolean {
  return on.history.reports.some(({ image }) => image === artifact);
}

/**
 * Of several digests pushed under one tag only the newest counts, and only a region that reported both determines which
 * is newer.
 */
export function hasRival(on: Case, artifact: number): boolean {
  const tag = on.family.attachment(artifact)?.tag;
  if (tag === undefined) return false;
  return on.history.reports.some(({ image, fact }) => image !== artifact && fact.tag === tag);
}

/** Some region reported it after every other digest of its tag, and no region reported them in the opposite order. */
function isNewest(on: Case, artifact: number, tag: Tag, before: number): boolean {
  const { reports, counted } = on.history;
  const pushes = reports.filter(({ fact }) => fact.kind === 'push' && fact.tag === tag);
  const own = pushes.filter(({ image }) => image === artifact);
  const isAfter = (one: Report, other: Report) =>
    one.fact.region === other.fact.region && counted(one).first > counted(other).last;
  const isKnown = ({ knownAt }: Report) => knownAt !== undefined && knownAt < before;
  const rivals = Map.groupBy(
    pushes.filter(({ image }) => image !== artifact),
    ({ image }) => image,
  );
  return [...rivals.values()].every(
    (others) =>
      own.some((one) => isKnown(one) && others.some((other) => isKnown(other) && isAfter(one, other))) &&
      !others.some((other) => own.some((one) => one.fact.region === other.fact.region && !isAfter(one, other))),
  );
}

/** Whether a list of referrers has reached an instance by then. */
export function wasTold(on: Case, subject: number, label: string | undefined, until: number): boolean {
  const { digest } = on.nameOf(subject);
  return on.attachments.received.some(
    (list) => list.subject === digest && (label ?? list.label) === list.label && list.at <= until,
  );
}

/** The slowest call. */
const notedAfterMs = 30_000;

/**
 * These artifacts must also be in a region that counts: they are known to be attached, and known not to be deleted. The
 * instance that received a list knows what it names; other instances know it once that instance has stored it with the
 * image.
 */
export function mustBeWaitedFor(on: Case, artifact: number, by: Decider): boolean {
  const attachment = on.family.attachment(artifact);
  const ofArtifact = on.history.reports.filter(({ image }) => image === artifact);
  const isDeleted = ofArtifact.some(({ fact }) => fact.kind !== 'push') || on.history.unnamedDeletes.length > 0;
  // What was reported about a removed replica is void.
  const isSteady = on.registry.everySet.size === 1;
  if (attachment === undefined || isDeleted || !isSteady || on.leaps.length > 0) return false;
  if (attachment.tag !== undefined) {
    const isKnown = ofArtifact.some(
      ({ fact, knownAt }) =>
        on.registry.replicas.includes(fact.region) &&
        fact.tag === attachment.tag &&
        knownAt !== undefined &&
        knownAt < by.before,
    );
    return isKnown && isNewest(on, artifact, attachment.tag, by.before);
  }
  const { digest } = on.nameOf(attachment.subject);
  const isStored = (at: number) =>
    on.readings.isWritten(digest) &&
    on.history.reports.some(({ image, knownAt = at }) => image === attachment.subject && knownAt < at);
  return on.attachments.received.some(
    ({ subject, listed, at, label }) =>
      subject === digest &&
      listed.includes(attachment.digest) &&
      at < by.before &&
      (label === by.label || (at + notedAfterMs < by.before && isStored(at))),
  );
}

/** Why this region cannot have what was asked for; `undefined` if it may have it. */
export function reasonAgainst(
  on: Case,
  subject: number,
  kind: string,
  region: Region,
  view: View,
  by: Decider,
): string | undefined {
  const mayBeThere = (artifact: number) => on.history.claim(artifact, region, view).mayCount;
  const all = artifactsOfKind(on, subject, kind);
  if (!all.some(mayBeThere)) return `no ${kind} of image ${subject} is known in ${region}`;
  const lacking = all.find((artifact) => !mayBeThere(artifact) && mustBeWaitedFor(on, artifact, by));
  return lacking === undefined ? undefined : `the ${kind} image ${lacking} is known, and not in ${region}`;
}

/** All that there is of the kind is certain to be there, whichever of it is known. */
export function mustHaveAll(on: Case, subject: number, kind: string, region: Region, view: View): boolean {
  const pushed = pushedOfKind(on, subject, kind);
  return (
    pushed.length > 0 &&
    pushed.every((artifact) => on.history.claim(artifact, region, view).mustBeThere && !hasRival(on, artifact))
  );
}

/** In every replica, by the registry itself. */
export function isEverywhere(on: Case, artifact: number): boolean {
  return on.registry.replicas.every((region) => on.registry.has(on.nameOf(artifact).digest, region));
}

/** Deleted in any region, whether that was reported or not. */
export function wasDeleted(on: Case, artifact: number): boolean {
  return on.registry.registryEvents.some(({ image, kind }) => image === artifact && kind === 'delete');
}
