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
  readonly tag: { readonly name: string; readonly state: string } | undefined;
  readonly firstSeenAt: string | undefined;
  readonly delayed: boolean;
}

export interface RegionAnswer {
  readonly region: string;
  readonly state: string;
  readonly required: boolean;
  /** Seconds behind the first region. */
  readonly lagSeconds: number | undefined;
  readonly since: string | undefined;
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
  };
}

function readTag(tag: unknown): Answer['tag'] {
  const name = isFields(tag) ? readText(tag.name) : undefined;
  return isFields(tag) && name !== undefined ? { name, state: readText(tag.state) ?? 'unknown' } : undefined;
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
