/**
 * Starts a replay: publishes again, with the same ids, the events of one image, or of a registry's images in a time
 * range. The work goes on after the answer, also over restarts.
 */
import type { HttpFunctionOptions, HttpRequest } from '@azure/functions';
import * as z from 'zod';
import { parseEventTime } from '../../core/model/event-time.ts';
import type { Replays } from '../../core/replay/replay.ts';
import type { ReplayDescription, ReplayScope } from '../../core/replay/replay-job.ts';
import { describeReplay } from '../../core/replay/replay-job.ts';
import type { Tracker } from '../../core/tracker.ts';
import { replayProgress } from '../documents/replay-description.ts';
import { httpHandler, json, readQuery } from '../http/http.ts';
import type { Read } from '../http/input.ts';
import { check, registryInput, textReadBy } from '../http/input.ts';
import { readJsonBody } from '../http/json-body.ts';
import { problemResponse } from '../http/problem.ts';
import { imageInput, readQuestion, readRegistry, refuse } from '../http/question.ts';
import type { RouteDescription } from '../http/route.ts';
import { named, noKey, refusals } from '../http/route.ts';

const maxBody = 16 * 1024;
const maxRangeMs = 86_400_000;

const timeInput = textReadBy((text) => {
  const time = parseEventTime(text);
  return time === undefined ? undefined : Date.parse(time);
}, 'must be an ISO 8601 time with an offset, such as "2026-06-01T12:00:00Z"').meta({ format: 'date-time' });

const replayRequest = z.object(
  {
    image: imageInput.optional().meta({ description: 'Every event of this image; without other fields.' }),
    registry: registryInput.optional(),
    since: timeInput.optional().meta({ description: 'Every event that the topic accepted from this time on' }),
    until: timeInput.optional().meta({ description: 'up to this; a day later at most. Default: now.' }),
  },
  'must be a JSON object',
);

const replayStarted = named('ReplayStarted', () =>
  z.object({ replay: z.string().describe('Its id, for `GET /api/events?replay=…`.'), ...replayProgress() }),
);

export function describeReplayRequest(): RouteDescription {
  return {
    operation: 'replayEvents',
    method: 'post',
    path: '/api/events/replay',
    summary: 'Publishes events again, with the same ids',
    detail:
      'For one image, or for a registry between two times. As a JSON body, or as query parameters. ' +
      'While the same is being published again already, that replay is the answer.',
    auth: 'adminKey',
    query: replayRequest,
    body: replayRequest,
    answers: {
      202: {
        description: 'Accepted; it continues in the background.',
        schema: replayStarted(),
        headers: { location: 'Where to see how far it is.' },
      },
      ...refusals(400, 404, 413, 503),
      ...noKey,
    },
  };
}

export function replayFunction(tracker: Tracker, replays: Replays, now: () => number): HttpFunctionOptions {
  return {
    methods: ['POST'],
    authLevel: 'admin',
    route: 'api/events/replay',
    handler: httpHandler(replayRequest, async function replayEvents(request, context) {
      const input = await readRequest(request);
      if ('refusal' in input) return input.refusal;
      const { image } = input.value;
      const asked =
        image === undefined ? readRange(input.value, tracker, now()) : await readImage(input.value, tracker);
      if ('refusal' in asked) return asked.refusal;
      const { registry, scope, until } = asked.value;
      const job = await replays.start(scope, until);
      context.info(`replay ${job.id} of ${scope.kind} in ${registry.name}`);
      return json(202, startedDocument(describeReplay(job, registry)), { location: `/api/events?replay=${job.id}` });
    }),
  };
}

function startedDocument({ id, ...progress }: ReplayDescription) {
  return { replay: id, ...progress };
}

async function readRequest(request: HttpRequest): Promise<Read<z.output<typeof replayRequest>>> {
  const query = readQuery(request);
  const fields = Object.keys(replayRequest.shape);
  if (fields.some((name) => query(name) !== undefined)) {
    return check(replayRequest, Object.fromEntries(fields.map((name) => [name, query(name)])));
  }
  const body = await readJsonBody(request, maxBody, 'a replay request such as {"image": "…"}');
  return 'refusal' in body ? body : check(replayRequest, body.value);
}

type Input = z.output<typeof replayRequest>;

async function readImage(input: Input, tracker: Tracker) {
  if (input.registry !== undefined || input.since !== undefined || input.until !== undefined) {
    return refuse(
      'image',
      'must be alone: all events of an image are published again, without "registry", "since" and "until"',
    );
  }
  const question = readQuestion((name) => (name === 'image' ? input.image : undefined), tracker);
  if ('refusal' in question) return question;
  const published = await tracker.events(question.value);
  if (published === undefined) {
    return { refusal: problemResponse(404, 'No region has reported this image: there is no event to publish again.') };
  }
  const scope: ReplayScope = { kind: 'image', name: published.name };
  return { value: { registry: question.value.registry, scope, until: '' } };
}

function readRange(input: Input, tracker: Tracker, now: number) {
  const { since } = input;
  if (since === undefined && input.registry === undefined) {
    return refuse('image', 'is required, or "since" with the "registry"');
  }
  const registry = readRegistry((name) => (name === 'registry' ? input.registry : undefined), tracker);
  if ('refusal' in registry) return registry;
  if (since === undefined) return refuse('since', 'is required with "registry": an ISO 8601 time');
  // The client's clock may be ahead of ours.
  const until = Math.min(now, input.until ?? now);
  if (since > until) return refuse('since', 'must not be after "until", or in the future');
  if (until - since > maxRangeMs) return refuse('until', 'must be at most 24 hours after "since"');
  const scope: ReplayScope = { kind: 'registry', registry: registry.value.name, since, until };
  const asked = input.until === undefined ? '' : new Date(input.until).toISOString();
  return { value: { registry: registry.value, scope, until: asked } };
}
