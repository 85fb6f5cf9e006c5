/** A release is requested by its name only: the tracker stores its images and its requirement. */

import { parseReleaseName, releaseNameRule } from '../core/releases/release.ts';
import type { FieldProblem, Parsed } from '../core/runtime/parsed.ts';
import { parsed, quote } from '../core/runtime/parsed.ts';
import type { Named } from './select-images.ts';
import type { SeveralRequest, WaitTexts } from './wait-request.ts';
import { parseTimeout, problemsOf } from './wait-request.ts';

/** @param release as written on the command line */
export function parseReleaseRequest(
  release: string,
  { images, files }: Named,
  { regions, require, artifacts, platforms, timeout }: Omit<WaitTexts, 'image'>,
): Parsed<SeveralRequest & { readonly release: string }> {
  const name = parseReleaseName(release.trim());
  const timeoutMs = parseTimeout(timeout);
  const problems: FieldProblem[] = [...problemsOf(timeoutMs)];
  if (name === undefined) problems.push({ field: 'release', reason: `${releaseNameRule} (got ${quote(release)})` });
  if (images.length + files.length > 0) {
    problems.push({ field: 'release', reason: 'names its own images: leave out images and files' });
  }
  // An action's input is "all" by default.
  const isGiven = [regions, artifacts, platforms].some((text) => (text ?? '').trim() !== '');
  if (isGiven || !['', 'all'].includes((require ?? '').trim())) {
    const reason = 'has its own regions, require, artifacts and platforms: leave them out';
    problems.push({ field: 'release', reason });
  }
  if (name === undefined || !timeoutMs.ok || problems.length > 0) return { ok: false, problems };
  return parsed({ release: name, images: [], regions: undefined, require: undefined, timeoutMs: timeoutMs.value });
}
