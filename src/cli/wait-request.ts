/**
 * Parses what is waited for from a command line or an action's inputs. Faults that can be found here are reported at
 * once, before the tracker is called; only the tracker knows the regions of a registry.
 */

import { formatReference, parseReference } from '../core/model/reference.ts';
import { parseRegion, regionRule } from '../core/model/region.ts';
import { maxImages } from '../core/query/several-images.ts';
import type { FieldProblem, Parsed } from '../core/runtime/parsed.ts';
import { parsed, problem, quote } from '../core/runtime/parsed.ts';
import { splitList } from '../core/runtime/text-list.ts';
import { durationRule, parseDuration } from './duration.ts';

export interface WaitTexts {
  readonly image: string;
  readonly regions?: string | undefined;
  readonly require?: string | undefined;
  readonly artifacts?: string | undefined;
  readonly platforms?: string | undefined;
  readonly timeout?: string | undefined;
}

export interface WaitRequest {
  readonly image: string;
  /** As the tracker parses them; `undefined`: all expected regions. */
  readonly regions: string | undefined;
  readonly require: string | undefined;
  /** What must be attached as well; `undefined`: nothing. */
  readonly artifacts?: string | undefined;
  /** The platforms of an index that must be available; `undefined`: all. */
  readonly platforms?: string | undefined;
  readonly timeoutMs: number;
}

/** A request for several images, with one requirement and one deadline. */
export interface SeveralRequest extends Omit<WaitRequest, 'image'> {
  /** The tracker knows the release's images; `images` is empty then. */
  readonly release?: string;
  readonly images: readonly string[];
}

export const defaultTimeout = '30m';

export function parseWaitRequest(texts: WaitTexts): Parsed<WaitRequest> {
  const image = parseImage(texts.image);
  const regions = parseRegions(given(texts.regions));
  const require = parseRequire(given(texts.require));
  const timeout = parseTimeout(texts.timeout);
  if (image.ok && regions.ok && require.ok && timeout.ok) {
    const [artifacts, platforms] = [texts.artifacts, texts.platforms].map(
      (text) => splitList(text ?? '').join(',') || given(text),
    );
    const required = { regions: regions.value, require: require.value, artifacts, platforms };
    return parsed({ image: image.value, ...required, timeoutMs: timeout.value });
  }
  return { ok: false, problems: [image, regions, require, timeout].flatMap(problemsOf) };
}

export function parseTimeout(text: string | undefined): Parsed<number> {
  const duration = given(text) ?? defaultTimeout;
  const timeoutMs = parseDuration(duration);
  return timeoutMs === undefined ? refuse('timeout', durationRule, duration) : parsed(timeoutMs);
}

/** @returns the full reference, with registry and tag */
export function parseImage(text: string): Parsed<string> {
  const reference = parseReference(text.trim());
  return reference.ok ? parsed(formatReference(reference.value)) : reference;
}

/** @param images references as written; the same one twice counts once */
export function parseWaitRequests(
  images: readonly string[],
  texts: Omit<WaitTexts, 'image'>,
): Parsed<WaitRequest | SeveralRequest> {
  const [first = '', ...more] = images;
  const one = parseWaitRequest({ ...texts, image: first });
  if (more.length === 0) return one;
  const others = more.map(parseImage);
  const read = [
    ...new Set([one.ok ? one.value.image : first, ...others.flatMap((other) => (other.ok ? other.value : []))]),
  ];
  const problems = [one, ...others].flatMap(problemsOf);
  if (read.length > maxImages) problems.push({ field: 'image', reason: `must be at most ${maxImages} images` });
  if (!one.ok || problems.length > 0) return { ok: false, problems };
  if (read.length === 1) return one;
  const { image: _image, ...required } = one.value;
  return parsed({ images: read, ...required });
}

/** For a name without its registry, or the beginning of a digest: `images` searches for both. */
export function searchHint(images: readonly string[]): string | undefined {
  const part = images
    .map((text) => text.replace(/…$|\.{3}$/, ''))
    .find((text) => /^[a-z0-9][\w.:@/-]*$/.test(text) && !hasHost(text));
  return part === undefined ? undefined : `To find it in the registries of the tracker: acr-replication images ${part}`;
}

function hasHost(text: string): boolean {
  return /^[^/]*[.:][^/]*\//.test(text) || text.startsWith('localhost/');
}

function parseRegions(text: string | undefined): Parsed<string | undefined> {
  if (text === undefined) return parsed(undefined);
  const names = splitList(text);
  const unread = names.find((name) => parseRegion(name) === undefined);
  if (unread !== undefined || names.length === 0) return refuse('regions', regionRule, unread ?? text);
  return parsed(names.map(parseRegion).join(','));
}

function parseRequire(text: string | undefined): Parsed<string | undefined> {
  const isRead = text === undefined || /^(?:all|any|[1-9]\d{0,2})$/.test(text);
  return isRead ? parsed(text) : refuse('require', 'must be "all", "any" or a number from 1', text);
}

/** Inputs that a workflow omits arrive as empty texts. */
function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

export function refuse(field: string, rule: string, text: string) {
  return problem(field, `${rule} (got ${quote(text)})`);
}

export function problemsOf(read: Parsed<unknown>): readonly FieldProblem[] {
  return read.ok ? [] : read.problems;
}
