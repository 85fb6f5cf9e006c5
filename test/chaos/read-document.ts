/** Reads an availability document, from an answer or from an event, into what the checker compares. */
import { isObject, type JsonObject } from '../../src/local/json.ts';
import type { Document, MemberClaim, RegionClaim } from './evidence.ts';

/** @throws Error when it is no document */
export function readDocument(value: unknown): Document {
  if (!isObject(value) || typeof value.state !== 'string' || !Array.isArray(value.regions)) {
    throw new Error(`not an availability document: ${JSON.stringify(value)?.slice(0, 300)}`);
  }
  const { digest, state, satisfied, tags, tag, announcedAt, regions, members } = value;
  return {
    state,
    digest: toText(digest),
    satisfied: satisfied === true,
    tags: Array.isArray(tags) ? tags.map(String) : [],
    tagState: isObject(tag) ? toText(tag.state) : null,
    announcedAt: toTime(announcedAt),
    regions: regions.filter(isObject).map(readRegion),
    members: Array.isArray(members) ? members.filter(isObject).map(readMember) : null,
  };
}

function readRegion({ region, state, since, eventTime, evidence }: JsonObject): RegionClaim {
  return {
    region: String(region),
    state: String(state),
    since: toTime(since),
    eventTime: toTime(eventTime),
    evidence: Array.isArray(evidence) ? evidence.map(String) : [],
  };
}

function readMember({ digest, missing }: JsonObject): MemberClaim {
  return { digest: String(digest), missing: Array.isArray(missing) ? missing.map(String) : [] };
}

export function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function toTime(value: unknown): number | null {
  return typeof value === 'string' ? Date.parse(value) : null;
}
