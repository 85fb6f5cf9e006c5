/**
 * Lists releases, newest first, a page at a time: what was requested and the stored state, without reading the images.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import type { ReleasePlace } from '../../core/releases/ports.ts';
import { parseReleaseName } from '../../core/releases/release.ts';
import { listRelease } from '../../core/releases/release-document.ts';
import type { Releases } from '../../core/releases/releases.ts';
import { releaseHead } from '../documents/release-document.ts';
import { severalDocument } from '../documents/several-images.ts';
import { httpHandler, json, readQuery } from '../http/http.ts';
import { readInput, textReadBy } from '../http/input.ts';
import type { RouteDescription } from '../http/route.ts';
import { named, noKey, refusals } from '../http/route.ts';

const defaultLimit = 50;
const maxLimit = 500;

const query = z.object({
  limit: textReadBy(parseLimit, `must be a whole number from 1 to ${maxLimit}`).default(defaultLimit).meta({
    description: 'Releases on one page.',
    type: 'integer',
    default: defaultLimit,
    minimum: 1,
    maximum: maxLimit,
  }),
  cursor: textReadBy(parseCursor, 'must be the "next" of an earlier page')
    .optional()
    .meta({ description: 'The `next` of an earlier page.' }),
});

const releaseList = named('ReleaseList', () =>
  z.object({
    releases: z
      .array(
        z.object({
          ...releaseHead(),
          images: z.array(z.string()).describe('In the order asked, each once.'),
          requirement: z.object({
            regions: z.array(z.string()).nullable().describe('null: every expected region.'),
            require: severalDocument().shape.requirement.shape.require,
          }),
        }),
      )
      .describe('Newest first.'),
    next: z.string().nullable().describe('Where the next page starts; null after the last.'),
  }),
);

export function describeReleases(): RouteDescription {
  return {
    operation: 'listReleases',
    method: 'get',
    path: '/api/releases',
    summary: 'Releases, newest first, a page at a time',
    auth: 'functionKey',
    query,
    answers: { 200: { description: 'One page.', schema: releaseList() }, ...refusals(400, 503), ...noKey },
  };
}

export function releasesFunction(releases: Pick<Releases, 'list'>): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/releases',
    handler: httpHandler(query, async function listReleases(request) {
      const input = readInput(query, readQuery(request));
      if ('refusal' in input) return input.refusal;
      const { limit, cursor } = input.value;
      const { releases: found, next } = await releases.list(limit, cursor);
      return json(200, { releases: found.map(listRelease), next: next === null ? null : toCursor(next) });
    }),
  };
}

function toCursor({ createdAt, name }: ReleasePlace): string {
  return Buffer.from(`${createdAt} ${name}`).toString('base64url');
}

function parseCursor(cursor: string): ReleasePlace | undefined {
  const [createdAt = '', name = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (!/^\d{1,13}$/.test(createdAt) || parseReleaseName(name) === undefined) return undefined;
  const place = { createdAt: Number(createdAt), name };
  return toCursor(place) === cursor ? place : undefined;
}

function parseLimit(text: string): number | undefined {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= maxLimit ? limit : undefined;
}
