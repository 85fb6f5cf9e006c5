/**
 * What is waited for, read from the texts of a command line or of an action's inputs. Faults that can be seen here are
 * reported at once, before a tracker is asked; which regions a registry has, only the tracker knows.
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
  /** As the tracker reads them; every expected region and all of them when absent. */
  readonly regions: string | undefined;
  readonly require: string | undefined;
  /** What must be attached as well; not there where nothing must. */
  readonly artifacts?: string | undefined;
  /** Of an index, which platforms must be there; all of them when absent. */
  readonly platforms?: string | undefined;
  readonly timeoutMs: number;
}

/** Of several images, with one requirement and one deadline. */
export interface SeveralRequest extends Omit<WaitRequest, 'image'> {
  /** The tracker knows which images these are; `images` is empty then. */
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

/** In full: with the registry and the tag that are meant. */
export function parseImage(text: string): Parsed<string> {
  const reference = parseReference(text.trim());
  return reference.ok ? parsed(formatReference(reference.value)) : reference;
}

/** @param images references as they were written; the same one twice counts once */
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

/** Inputs that were left out of a workflow arrive as empty texts. */
function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

export function refuse(field: string, rule: string, text: string) {
  return problem(field, `${rule} (got ${quote(text)})`);
}

export function problemsOf(read: Parsed<unknown>): readonly FieldProblem[] {
  return read.ok ? [] : read.problems;
}
