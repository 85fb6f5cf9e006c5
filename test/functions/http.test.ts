/** What every HTTP function keeps to, and that each of them is there with its route and its lock. */
import type { HttpFunctionOptions } from '@azure/functions';
import { describe, expect, test } from 'vitest';
import { availabilityFunction } from '../../src/functions/api/availability.ts';
import { eventsFunction } from '../../src/functions/api/events.ts';
import { healthFunction } from '../../src/functions/api/health.ts';
import { imagesFunction } from '../../src/functions/api/images.ts';
import { registriesFunction } from '../../src/functions/api/registries.ts';
import { replicasFunction } from '../../src/functions/api/replicas.ts';
import { waitFunction } from '../../src/functions/api/wait.ts';
import { httpHandler, json, noQuery } from '../../src/functions/http/http.ts';
import { digestOf } from '../support/build.ts';
import type { CallInput } from '../support/call.ts';
import { call } from '../support/call.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, doorOf, secrets } from '../support/webhook.ts';

const { tracker, clock } = memoryTracker();
const image = `image=contoso.azurecr.io/team/app@${digestOf(1)}`;

/** route, lock, methods, function */
const functions: [string, string, string[], HttpFunctionOptions][] = [
  ['api/availability', 'function', ['GET'], availabilityFunction(tracker)],
  ['api/wait', 'function', ['GET'], waitFunction(tracker)],
  ['api/images', 'function', ['GET'], imagesFunction(tracker)],
  ['api/replicas', 'function', ['GET'], replicasFunction(tracker)],
  ['api/registries', 'function', ['GET'], registriesFunction(tracker.registries)],
  ['api/events', 'function', ['GET'], eventsFunction(tracker)],
  ['api/health', 'anonymous', ['GET', 'HEAD'], healthFunction(tracker, [], clock.now)],
  // Its lock is the webhook secret.
  ['api/webhooks/{registry}/{region}', 'anonymous', ['POST'], doorOf({ tracker, secrets, now: clock.now })],
];

test.each(functions)('%s is for %s callers and %j', (route, authLevel, methods, options) => {
  expect(options).toMatchObject({ route, authLevel, methods });
});

const authorized = { authorization: `Bearer ${secrets[0]}` };
const place = { params: { registry: 'contoso', region: 'eastus' }, body: bodyOf() };
const route = (name: string) => functions.find(([path]) => path === name)?.[3];
const webhook = route('api/webhooks/{registry}/{region}');

/** One of every status that can be had from a working tracker. */
const calls: [number, HttpFunctionOptions | undefined, CallInput][] = [
  [200, route('api/availability'), { path: `availability?${image}` }],
  [400, route('api/availability'), { path: 'availability' }],
  [404, route('api/availability'), { path: 'availability?image=fabrikam.azurecr.io/app' }],
  [202, route('api/wait'), { path: `wait?${image}&timeout=0` }],
  [400, route('api/wait'), { path: `wait?${image}&timeout=x` }],
  [200, route('api/images'), { path: 'images' }],
  [404, route('api/images'), { path: 'images?registry=fabrikam' }],
  [200, route('api/replicas'), { path: 'replicas' }],
  [200, route('api/registries'), { path: 'registries' }],
  [200, route('api/events'), { path: `events?${image}` }],
  [200, route('api/health'), { path: 'health' }],
  [200, webhook, { path: 'webhooks/contoso/eastus', headers: authorized, ...place }],
  [401, webhook, { path: 'webhooks/contoso/eastus', ...place }],
  [404, webhook, { path: 'webhooks/nobody/eastus', headers: authorized, ...place, params: { registry: 'nobody' } }],
  [413, webhook, { path: 'webhooks/contoso/eastus', headers: authorized, ...place, body: ' '.repeat(300_000) }],
];

describe.each(calls)('%i', (status, options, input) => {
  if (options === undefined) throw new Error(`no function for ${input.path}`);

  test(`of ${input.path.slice(0, 60)} carries the request id and is not kept by anybody`, async () => {
    const answer = await call(options, { ...input, invocationId: `request-${status}` });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ 'x-request-id': `request-${status}`, 'cache-control': 'no-store' });
  });

  test(`of ${input.path.slice(0, 60)} has the right shape`, async () => {
    const { headers, body } = await call(options, input);
    const isProblem = status >= 400;
    expect(headers['content-type']).toBe(isProblem ? 'application/problem+json' : 'application/json; charset=utf-8');
    if (!isProblem) return;
    expect(body).toMatchObject({ type: 'about:blank', title: expect.any(String), status, detail: expect.any(String) });
    const { errors, ...rest } = body as Record<string, unknown>;
    expect(Object.keys(rest).sort()).toEqual(['detail', 'status', 'title', 'type']);
    expect(errors === undefined).toBe(status !== 400);
    for (const error of (errors ?? []) as object[]) expect(Object.keys(error).sort()).toEqual(['field', 'reason']);
  });
});

describe('an unexpected error', () => {
  const broken: HttpFunctionOptions = {
    methods: ['GET'],
    handler: httpHandler(noQuery, () => {
      throw new TypeError('cannot read AccountKey=secret of undefined');
    }),
  };

  test('is 500, says nothing about itself and leads to the log', async () => {
    const answer = await call(broken, { path: 'broken', invocationId: 'request-500' });
    expect(answer).toMatchObject({
      status: 500,
      headers: { 'x-request-id': 'request-500', 'content-type': 'application/problem+json' },
      body: { title: 'Internal error', status: 500 },
    });
    expect(answer.text).not.toMatch(/AccountKey|TypeError|undefined|at /);
    expect(answer.log).toHaveLength(1);
  });
});

test('headers of a function do not replace the request id', async () => {
  const options: HttpFunctionOptions = {
    handler: httpHandler(noQuery, () => json(200, {}, { 'x-request-id': 'mine', 'retry-after': '1' })),
  };
  const { headers } = await call(options, { path: 'any', invocationId: 'theirs' });
  expect(headers).toMatchObject({ 'x-request-id': 'theirs', 'retry-after': '1' });
});
