/**
 * What was told about an image, when, and whether the topic has taken it; and how far a replay of it is.
 */
import type { HttpFunctionOptions, HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import type { Question } from '../core/availability.ts';
import { formatReference } from '../core/reference.ts';
import { findRegistryByName } from '../core/registry.ts';
import type { Replays } from '../core/replay/replay.ts';
import { describeReplay, registryOfReplay, replayIdPattern } from '../core/replay/replay-job.ts';
import type { ToldEvent, Tracker } from '../core/tracker.ts';
import { httpHandler, json, readQuery } from './http.ts';
import { readInput } from './input.ts';
import { problemResponse } from './problem.ts';
import { imageInput, readQuestion, refuse } from './question.ts';
import { replayDocument } from './replay-description.ts';
import type { RouteDescription } from './route.ts';
import { instant, named, noKey, refusals } from './route.ts';

const replayQuery = z.object({
  replay: z
    .string()
    .regex(replayIdPattern, 'must be the id of a replay')
    .optional()
    .meta({ description: 'The id of a replay, instead of an image: how far it is.' }),
});

const eventList = named('EventList', () =>
  z.object({
    image: z.string(),
    events: z.array(
      z.object({
        id: z.string().describe('Equal for equal facts, however often they are told.'),
        source: z.string(),
        type: z.string(),
        subject: z.string(),
        time: instant().describe('When the fact became known.'),
        generation: z.int().min(1),
        region: z.string().optional(),
        status: z.enum(['pending', 'published']),
        publishedAt: instant().nullable().describe('When the topic took it.'),
      }),
    ),
    replays: z.array(replayDocument()).optional().describe('The last replay of this image.'),
  }),
);

const replayState = named('ReplayState', () => z.object({ replay: replayDocument() }));

export function describeEvents(): RouteDescription {
  return {
    operation: 'listEvents',
    method: 'get',
    path: '/api/events',
    summary: 'What was told about an image, or how far a replay is',
    detail: 'One of `image` and `replay` is required.',
    lock: 'functionKey',
    query: z.object({ image: imageInput.optional(), ...replayQuery.shape }),
    answers: {
      200: { description: 'The events of the image, or the replay.', schema: z.union([eventList(), replayState()]) },
      ...refusals(400, 404, 503),
      ...noKey,
    },
  };
}

export function eventsFunction(tracker: Tracker, replays?: Pick<Replays, 'find' | 'ofImage'>): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/events',
    handler: httpHandler(async function listEvents(request) {
      const query = readQuery(request);
      const input = readInput(replayQuery, query);
      if ('refusal' in input) return input.refusal;
      const { replay } = input.value;
      if (replay === undefined) {
        const question = readQuestion(query, tracker);
        return 'refusal' in question ? question.refusal : listOf(question.value, tracker, replays);
      }
      if (query('image') !== undefined) return refuse('replay', 'must be alone, without "image"').refusal;
      return progressOf(replay, tracker, replays);
    }),
  };
}

async function listOf(question: Question, tracker: Tracker, replays?: Pick<Replays, 'ofImage'>) {
  const { registry: place, ...asked } = question;
  const registry = place.loginServer;
  const told = await tracker.events(question);
  if (told === undefined) return json(200, { image: formatReference({ ...asked, registry }), events: [] });
  const { repository, digest } = told.name;
  const replay = await replays?.ofImage(told.name);
  return json(200, {
    image: formatReference({ registry, repository, digest, tag: undefined }),
    events: told.events.map(describeEvent),
    ...(replay === undefined ? {} : { replays: [describeReplay(replay, place)] }),
  });
}

async function progressOf(id: string, tracker: Tracker, replays?: Pick<Replays, 'find'>): Promise<HttpResponseInit> {
  const job = await replays?.find(id);
  const registry = job && findRegistryByName(tracker.registries, registryOfReplay(job));
  if (job !== undefined && registry !== undefined) return json(200, { replay: describeReplay(job, registry) });
  return problemResponse(
    404,
    'No such replay: it is unknown, forgotten after a week, or followed by another of the same.',
  );
}

function describeEvent({ event, publishedAt }: ToldEvent) {
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject,
    time: event.time,
    generation: event.data.generation,
    ...(event.data.region === undefined ? {} : { region: event.data.region }),
    status: publishedAt === null ? 'pending' : 'published',
    publishedAt: publishedAt === null ? null : new Date(publishedAt).toISOString(),
  };
}
