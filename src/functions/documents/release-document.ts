/**
 * What the routes of releases share: the name in the path, the document, and the answer when there is no such release.
 */
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import type { ReleaseEvaluation } from '../../core/releases/evaluate-release.ts';
import { parseReleaseName, releaseNameRule } from '../../core/releases/release.ts';
import { describeRelease } from '../../core/releases/release-document.ts';
import { quote } from '../../core/runtime/parsed.ts';
import type { Read } from '../http/input.ts';
import { readInput, textReadBy } from '../http/input.ts';
import { problemResponse } from '../http/problem.ts';
import { instant, named } from '../http/route.ts';
import { severalDocument } from './several-images.ts';

export const releaseParams = z.object({
  name: textReadBy(parseReleaseName, releaseNameRule).meta({
    description: 'The name of the release.',
    pattern: '^[a-z0-9][a-z0-9._-]{0,127}$',
    examples: ['shop-2.4'],
  }),
});

export const releaseHead = () => ({
  name: z.string(),
  revision: z.int().min(1).describe('Grows by one with each change of the content.'),
  createdAt: instant(),
  availableAt: instant()
    .nullable()
    .describe(
      'When every image of this revision was where it must be. It does not change when images are deleted later.',
    ),
  announcedAt: instant().nullable().describe('When the topic accepted that event.'),
  delayed: z.boolean().describe('Whether this revision was called delayed.'),
  artifacts: z
    .array(z.string())
    .optional()
    .describe('What must be attached to each image; present if the request named something.'),
  platforms: z
    .array(z.string())
    .optional()
    .describe('The platforms that are waited for; present if the request named some.'),
});

export const releaseDocument = named('ReleaseDocument', () =>
  z.object({ ...releaseHead(), ...severalDocument().shape }),
);

export function readReleaseName(request: HttpRequest): Read<string> {
  const input = readInput(releaseParams, (name) => request.params[name]);
  return 'refusal' in input ? input : { value: input.value.name };
}

/** @returns the answer to a query about a release; `answer` makes it where the release was evaluated */
export function answerRelease(
  name: string,
  found: ReleaseEvaluation,
  answer: (document: object, found: ReleaseEvaluation & { kind: 'evaluated' }) => HttpResponseInit,
): HttpResponseInit {
  if (found.kind === 'unknown') return noSuchRelease(name);
  if (found.kind === 'evaluated') return answer(describeRelease(found.release, found.result.document), found);
  const detail = `Release ${quote(name)} has images of ${quote(found.loginServer)}, which is not tracked here any more.`;
  return problemResponse(404, detail);
}

export function noSuchRelease(name: string): HttpResponseInit {
  return problemResponse(404, `There is no release ${quote(name)}.`);
}
