/**
 * The events published about an image, with their times and whether the topic has accepted them; the webhooks and
 * verdicts sent because of it; and the progress of a replay.
 */
import type { HttpFunctionOptions, HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import type { CheckList } from '../../core/checks/check-list.ts';
import type { AvailabilityQuery } from '../../core/image/availability.ts';
import { formatReference } from '../../core/model/reference.ts';
import { findRegistryByName } from '../../core/model/registry.ts';
import type { PublishedEvent } from '../../core/query/published-events.ts';
import { parseReleaseName, releaseNameRule } from '../../core/releases/release.ts';
import type { Releases } from '../../core/releases/releases.ts';
import type { Replays } from '../../core/replay/replay.ts';
import { describeReplay, registryOfReplay, replayIdPattern } from '../../core/replay/replay-job.ts';
import type { Tracker } from '../../core/tracker.ts';
import {
  checkDocument,
  describeCheck,
  describeFailures,
  describeForward,
  failedAttempts,
  forwardDocument,
} from '../documents/deliveries-description.ts';
import { describeDelivery, eventAttributes, eventDelivery } from '../documents/published-event.ts';
import { listOfRelease, releaseEventList } from '../documents/release-events.ts';
import { replayDocument } from '../documents/replay-description.ts';
import { httpHandler, json, readQuery } from '../http/http.ts';
import { readInput, textReadBy } from '../http/input.ts';
import { problemResponse } from '../http/problem.ts';
import { imageInput, readQuestion, refuse } from '../http/question.ts';
import type { RouteDescription } from '../http/route.ts';
import { named, noKey, refusals } from '../http/route.ts';

const otherQuery = z.object({
  release: textReadBy(parseReleaseName, releaseNameRule)
    .optional()
    .meta({ description: 'The name of a release, instead of an image.' }),
  replay: z
    .string()
    .regex(replayIdPattern, 'must be the id of a replay')
    .optional()
    .meta({ description: 'The id of a replay, instead of an image: how far it is.' }),
});

const query = z.object({ image: imageInput.optional(), ...otherQuery.shape });

const eventList = named('EventList', () =>
  z.object({
    image: z.string(),
    tags: z
      .array(z.string())
      .describe(
        'Every tag that the image was pushed with in this generation, also those that have moved to another image.',
      ),
    events: z.array(
      z.object({
        ...eventAttributes(),
        generation: z.int().min(1),
        region: z.string().optional(),
        ...eventDelivery(),
        failedAttempts: failedAttempts()
          .nullable()
          .describe('`null` where none is known: attempts before an event was published are not always recorded.'),
      }),
    ),
    topicError: z
      .string()
      .nullable()
      .describe(
        "The topic's last answer, while it is away for the instance that answers; `null` also while it rejects single events.",
      ),
    forwards: z.array(forwardDocument()).describe('Webhooks that were forwarded because of it, oldest first.'),
    checks: z
      .array(checkDocument())
      .nullable()
      .describe(
        'Deployment checks of the last two days that named this image, or a tag that it has or had, newest first; those that named a release are listed with `release`. `null` where they could not be read within a second.',
      ),
    checksComplete: z
      .boolean()
      .describe('Whether all checks were searched: they could be read, and there were fewer than 2,000.'),
    replays: z.array(replayDocument()).optional().describe('The last replay of this image.'),
  }),
);

const replayState = named('ReplayState', () => z.object({ replay: replayDocument() }));

export function describeEvents(): RouteDescription {
  return {
    operation: 'listEvents',
    method: 'get',
    path: '/api/events',
    summary: 'The events of an image or a release and whether the topic has accepted them, or the progress of a replay',
    detail: 'One of `image`, `release` and `replay` is required.',
    auth: 'functionKey',
    query,
    answers: {
      200: {
        description: 'The events of the image or of the release, or the replay.',
        schema: z.union([eventList(), releaseEventList(), replayState()]),
      },
      ...refusals(400, 404, 503),
      ...noKey,
    },
  };
}

export interface EventsDeps {
  readonly replays?: Pick<Replays, 'find' | 'ofImage'>;
  readonly releases?: Pick<Releases, 'read'>;
  /** Absent where no deployment checks are configured. */
  readonly checks?: CheckList | undefined;
}

export function eventsFunction(tracker: Tracker, deps: EventsDeps = {}): HttpFunctionOptions {
  const { replays, releases, checks } = deps;
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/events',
    handler: httpHandler(query, async function listEvents(request) {
      const given = readQuery(request);
      const input = readInput(otherQuery, given);
      if ('refusal' in input) return input.refusal;
      const { replay, release } = input.value;
      if (release !== undefined && releases !== undefined) {
        const other = ['image', 'replay'].find((name) => given(name) !== undefined);
        if (other !== undefined) return refuse('release', `must be alone, without "${other}"`).refusal;
        return listOfRelease(release, tracker, releases, checks);
      }
      if (replay === undefined) {
        const question = readQuestion(given, tracker);
        return 'refusal' in question ? question.refusal : listOf(question.value, tracker, replays, checks);
      }
      if (given('image') !== undefined) return refuse('replay', 'must be alone, without "image"').refusal;
      return progressOf(replay, tracker, replays);
    }),
  };
}

async function listOf(
  question: AvailabilityQuery,
  tracker: Tracker,
  replays?: Pick<Replays, 'ofImage'>,
  checks?: CheckList,
) {
  const { registry: place, ...asked } = question;
  const registry = place.loginServer;
  // The events are answered also while the checks cannot be read.
  const [published, read] = await Promise.all([tracker.events(question), checks?.read()]);
  const { repository, digest } = published?.name ?? question;
  const tags = [...(published?.tags ?? []), ...(question.tag === undefined ? [] : [question.tag])];
  const found = read?.about({ registry: place.name, repository, digest, tags }).map(describeCheck);
  const named = {
    checks: found ?? (checks === undefined ? [] : null),
    checksComplete: checks === undefined || read?.isComplete === true,
  };
  if (published === undefined) {
    const image = formatReference({ ...asked, registry });
    return json(200, { image, tags: [], events: [], topicError: null, forwards: [], ...named });
  }
  const replay = await replays?.ofImage(published.name);
  return json(200, {
    image: formatReference({ registry, repository, digest, tag: undefined }),
    tags: published.tags,
    events: published.events.map(describeEvent),
    topicError: published.topicError ?? null,
    forwards: published.forwards.map(describeForward),
    ...named,
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

function describeEvent({ event, publishedAt, failed }: PublishedEvent) {
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject,
    time: event.time,
    generation: event.data.generation,
    ...(event.data.region === undefined ? {} : { region: event.data.region }),
    ...describeDelivery(publishedAt),
    failedAttempts: describeFailures(failed),
    data: event.data,
  };
}
