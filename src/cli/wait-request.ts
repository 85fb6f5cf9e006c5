/**
 * What is waited for, read from the texts of a command line or of an action's inputs. Faults that can be seen here are
 * told at once, before a tracker is asked; which regions a registry has, only the tracker knows.
 */
import type { FieldProblem, Parsed } from '../core/parsed.ts';
import { parsed, problem, quote } from '../core/parsed.ts';
import { formatReference, parseReference } from '../core/reference.ts';
import { parseRegion, regionRule } from '../core/region.ts';
import { durationRule, parseDuration } from './duration.ts';

export interface WaitTexts {
  readonly image: string;
  readonly regions?: string | undefined;
  readonly require?: string | undefined;
  readonly timeout?: string | undefined;
}

export interface WaitRequest {
  readonly image: string;
  /** As the tracker reads them; every expected region and all of them when absent. */
  readonly regions: string | undefined;
  readonly require: string | undefined;
  readonly timeoutMs: number;
}

export const defaultTimeout = '30m';

export function parseWaitRequest(texts: WaitTexts): Parsed<WaitRequest> {
  const image = parseImage(texts.image);
  const regions = parseRegions(given(texts.regions));
  const require = parseRequire(given(texts.require));
  const timeoutText = given(texts.timeout) ?? defaultTimeout;
  const timeoutMs = parseDuration(timeoutText);
  const timeout = timeoutMs === undefined ? refuse('timeout', durationRule, timeoutText) : parsed(timeoutMs);
  if (image.ok && regions.ok && require.ok && timeout.ok) {
    return parsed({ image: image.value, regions: regions.value, require: require.value, timeoutMs: timeout.value });
  }
  return { ok: false, problems: [image, regions, require, timeout].flatMap(problemsOf) };
}

/** In full: with the registry and the tag that are meant. */
export function parseImage(text: string): Parsed<string> {
  const reference = parseReference(text.trim());
  return reference.ok ? parsed(formatReference(reference.value)) : reference;
}

function parseRegions(text: string | undefined): Parsed<string | undefined> {
  if (text === undefined) return parsed(undefined);
  const names = text.split(',').filter((name) => name.trim() !== '');
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
