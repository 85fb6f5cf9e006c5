/**
 * What may and what must be thought of what is attached to an image: an artifact is where it was said to be, and it is known to
 * be attached since its tag said so, or since a list of referrers has reached whoever decides.
 */
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Case } from './case.ts';
import type { Said, View } from './history.ts';

/** Whoever decides; anybody without a label. */
export interface Decider {
  readonly label?: string | undefined;
  /** When the question came in; what was known before then is known. */
  readonly before: number;
}

/** The artifacts of this kind, whether they have been pushed or not. */
export function artifactsOfKind(on: Case, subject: number, kind: string): readonly number[] {
  return on.family.artifacts(subject).filter((artifact) => on.family.attachment(artifact)?.kind === kind);
}

/** That somebody has pushed, or has spoken of. */
export function pushedOfKind(on: Case, subject: number, kind: string): readonly number[] {
  return artifactsOfKind(on, subject, kind).filter(
    (artifact) => on.registry.happenings.some(({ image }) => image === artifact) || isSpokenOf(on, artifact),
  );
}

function isSpokenOf(on: Case, artifact: number): boolean {
  return on.history.said.some(({ image }) => image === artifact);
}

/** Pushed under one tag, only the newest counts, and which that is only a region can say that has told of both. */
export function hasRival(on: Case, artifact: number): boolean {
  const tag = on.family.attachment(artifact)?.tag;
  if (tag === undefined) return false;
  return on.history.said.some(({ image, fact }) => image !== artifact && fact.tag === tag);
}

/** Some region has told of it after every other digest of its tag, and none has told of them the other way round. */
function isNewest(on: Case, artifact: number, tag: Tag, before: number): boolean {
  const { said, counted } = on.history;
  const pushes = said.filter(({ fact }) => fact.kind === 'push' && fact.tag === tag);
  const own = pushes.filter(({ image }) => image === artifact);
  const isAfter = (one: Said, other: Said) =>
    one.fact.region === other.fact.region && counted(one).first > counted(other).last;
  const isKnown = ({ knownAt }: Said) => knownAt !== undefined && knownAt < before;
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
  return on.attachments.told.some(
    (told) => told.subject === digest && (label ?? told.label) === told.label && told.at <= until,
  );
}

/** The slowest call. */
const notedAfterMs = 30_000;

/**
 * Of a region that counts, also these have to be there: they are known to be attached, and not to be deleted. What a list has
 * told is known to the instance that it has reached, and to the others once that has noted it with the image.
 */
export function mustBeWaitedFor(on: Case, artifact: number, by: Decider): boolean {
  const attachment = on.family.attachment(artifact);
  const ofArtifact = on.history.said.filter(({ image }) => image === artifact);
  const isDeleted = ofArtifact.some(({ fact }) => fact.kind !== 'push') || on.history.doubts.length > 0;
  // A replica that was removed takes along what it said.
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
    on.history.said.some(({ image, knownAt = at }) => image === attachment.subject && knownAt < at);
  return on.attachments.told.some(
    ({ subject, listed, at, label }) =>
      subject === digest &&
      listed.includes(attachment.digest) &&
      at < by.before &&
      (label === by.label || (at + notedAfterMs < by.before && isStored(at))),
  );
}

/** Why this region cannot have what was asked for; nothing where it may. */
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

/** Anywhere, whether that was told or not. */
export function wasDeleted(on: Case, artifact: number): boolean {
  return on.registry.happenings.some(({ image, kind }) => image === artifact && kind === 'delete');
}
