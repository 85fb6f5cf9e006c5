/**
 * The fields of an availability document that a command reads. The tracker may be older or newer than the command:
 * fields that are not needed are not required, and the document itself is kept as received.
 */
import type { Fields } from './tracker-reply.ts';
import { isFields } from './tracker-reply.ts';

export interface Answer {
  /** As received, cleaned for printing. */
  readonly document: Fields;
  /** With the digest, once it is known. */
  readonly image: string;
  readonly digest: string | undefined;
  readonly state: string;
  readonly satisfied: boolean;
  /** How many of the required regions must have it. */
  readonly needed: number;
  readonly have: number;
  /** The required regions. */
  readonly asked: readonly string[];
  readonly missing: readonly string[];
  readonly regions: readonly RegionAnswer[];
  readonly tag: TagAnswer | undefined;
  /** What must be attached as well, as it was asked for. */
  readonly artifacts: readonly ArtifactAnswer[];
  /** The manifests of an index, and what is attached to the image. */
  readonly members: readonly MemberAnswer[];
  /** Tags that regions resolve to different digests; lists contain it, older trackers do not. */
  readonly divergedTags: readonly DivergedTag[];
  readonly firstSeenAt: string | undefined;
  readonly delayed: boolean;
}

export interface TagAnswer {
  readonly name: string;
  readonly state: string;
  /** The digest that each region resolves it to; `undefined` where the answer does not say. */
  readonly digests: ReadonlyMap<string, string> | undefined;
}

export interface ArtifactAnswer {
  readonly kind: string;
  /** Whether the list of attached artifacts could be read. */
  readonly known: boolean;
  readonly missing: readonly string[];
}

export interface MemberAnswer {
  readonly kind: string;
  readonly platform: string | undefined;
  readonly artifactType: string | undefined;
  readonly missing: readonly string[];
}

export interface DivergedTag {
  readonly tag: string;
  /** The regions that resolve it to another digest; `undefined` where the answer does not say. */
  readonly regions: readonly string[] | undefined;
}

export interface RegionAnswer {
  readonly region: string;
  readonly state: string;
  readonly required: boolean;
  /** Seconds behind the first region. */
  readonly lagSeconds: number | undefined;
  readonly since: string | undefined;
  /** Nothing was reported: a probe or the registry's delivery log found it, and `lagSeconds` is an upper bound. */
  readonly isFoundLate: boolean;
}

/** @returns `undefined` when this is no availability document */
export function readAnswer(document: Fields): Answer | undefined {
  const image = readText(document.image);
  const state = readText(document.state);
  if (image === undefined || state === undefined || !Array.isArray(document.regions)) return undefined;
  const regions = document.regions.filter(isFields).map(readRegion);
  const requirement = isFields(document.requirement) ? document.requirement : {};
  const missing = readTexts(document.missing);
  const asked =
    readTexts(requirement.regions) ?? regions.filter(({ required }) => required).map(({ region }) => region);
  return {
    document,
    image,
    digest: readText(document.digest),
    state,
    satisfied: document.satisfied === true,
    needed: readNumber(requirement.needed) ?? asked.length,
    have: readNumber(requirement.have) ?? asked.length - (missing?.length ?? 0),
    asked,
    missing: missing ?? [],
    regions,
    tag: readTag(document.tag),
    artifacts: listOf(document.artifacts).flatMap(readArtifact),
    members: listOf(document.members).map(readMember),
    divergedTags: listOf(document.divergedTags).flatMap(readDivergedTag),
    firstSeenAt: readText(document.firstSeenAt),
    delayed: document.delayed === true,
  };
}

function readRegion(fields: Fields): RegionAnswer {
  return {
    region: readText(fields.region) ?? '?',
    state: readText(fields.state) ?? 'unknown',
    required: fields.required === true,
    lagSeconds: readNumber(fields.lagSeconds),
    since: readText(fields.since),
    isFoundLate: lateEvidence.includes(readTexts(fields.evidence)?.[0] ?? ''),
  };
}

const lateEvidence = ['probe', 'deepProbe', 'deliveryLog'];

function readTag(tag: unknown): TagAnswer | undefined {
  const name = isFields(tag) ? readText(tag.name) : undefined;
  if (!isFields(tag) || name === undefined) return undefined;
  const pointers = listOf(tag.regions).flatMap(({ region, digest }): [string, string][] => {
    const [where, what] = [readText(region), readText(digest)];
    return where === undefined || what === undefined ? [] : [[where, what]];
  });
  const digests = Array.isArray(tag.regions) ? new Map(pointers) : undefined;
  return { name, state: readText(tag.state) ?? 'unknown', digests };
}

function readArtifact({ kind, known, missing }: Fields): ArtifactAnswer[] {
  const name = readText(kind);
  return name === undefined ? [] : [{ kind: name, known: known !== false, missing: readTexts(missing) ?? [] }];
}

function readMember({ kind, platform, artifactType, missing }: Fields): MemberAnswer {
  return {
    kind: readText(kind) ?? '',
    platform: readText(platform),
    artifactType: readText(artifactType),
    missing: readTexts(missing) ?? [],
  };
}

function readDivergedTag({ tag, regions }: Fields): DivergedTag[] {
  const name = readText(tag);
  return name === undefined ? [] : [{ tag: name, regions: readTexts(regions) }];
}

/** The objects of a list; none where it is no list. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

export function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function readTexts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : undefined;
}
