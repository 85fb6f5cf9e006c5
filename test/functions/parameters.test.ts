/** Query parameters: those that a route knows are those of its description, and every other one is refused by name. */
import type { HttpFunctionOptions } from '@azure/functions';
import { describe, expect, test } from 'vitest';
import { availabilityFunction, describeAvailability } from '../../src/functions/api/availability.ts';
import {
  availabilityOfImagesFunction,
  describeAvailabilityOfImages,
} from '../../src/functions/api/availability-of-images.ts';
import {
  checkAzurePipelinesFunction,
  describeAzurePipelinesCheck,
} from '../../src/functions/api/check-azure-pipelines.ts';
import { checkGithubFunction, describeGithubCheck } from '../../src/functions/api/check-github.ts';
import { deleteReleaseFunction, describeDeleteRelease } from '../../src/functions/api/delete-release.ts';
import { describeEvents, eventsFunction } from '../../src/functions/api/events.ts';
import { describeHealth, healthFunction } from '../../src/functions/api/health.ts';
import { describeImages, imagesFunction } from '../../src/functions/api/images.ts';
import { describeOpenApi, openApiFunction } from '../../src/functions/api/openapi.ts';
import { describePutRelease, putReleaseFunction } from '../../src/functions/api/put-release.ts';
import { describeRegistries, registriesFunction } from '../../src/functions/api/registries.ts';
import { describeRelease, releaseFunction } from '../../src/functions/api/release.ts';
import { describeReleases, releasesFunction } from '../../src/functions/api/releases.ts';
import { describeReplayRequest, replayFunction } from '../../src/functions/api/replay.ts';
import { describeReplicas, replicasFunction } from '../../src/functions/api/replicas.ts';
import { describeServiceHealth, serviceHealthFunction } from '../../src/functions/api/service-health.ts';
import { describeSummary, summaryFunction } from '../../src/functions/api/summary.ts';
import { describeUi, uiFunction } from '../../src/functions/api/ui.ts';
import { describeWait, waitFunction } from '../../src/functions/api/wait.ts';
import { describeWaitForImages, waitForImagesFunction } from '../../src/functions/api/wait-for-images.ts';
import { describeWaitForRelease, waitForReleaseFunction } from '../../src/functions/api/wait-for-release.ts';
import { describeWaiting, waitingFunction } from '../../src/functions/api/waiting.ts';
import { describeWebhook } from '../../src/functions/api/webhook.ts';
import type { RouteDescription } from '../../src/functions/http/route.ts';
import { routes } from '../../src/functions/routes.ts';
import { digestOf } from '../support/build.ts';
import type { Answer } from '../support/call.ts';
import { call } from '../support/call.ts';
import { memoryHealthEventLog } from '../support/health-alert.ts';
import { releaseInstance, releaseWorld } from '../support/memory-releases.ts';
import { memoryReplays } from '../support/replays.ts';
import { deliver, doorOf, secrets } from '../support/webhook.ts';

const { memory, releases } = releaseInstance(releaseWorld());
const { tracker, clock } = memory;
const { now } = clock;
// JSON, for those who read answers here.
const page = { html: '"page"', scriptHash: 'a', styleHash: 'b', etag: '"c"' };
const noChecks = { checks: undefined, origins: [] };
const health = memoryHealthEventLog();

const functions: [string, RouteDescription, HttpFunctionOptions][] = [
  [describeAvailability(), availabilityFunction(tracker)] as const,
  [describeWait(), waitFunction(tracker)] as const,
  [describeAvailabilityOfImages(), availabilityOfImagesFunction(tracker)] as const,
  [describeWaitForImages(), waitForImagesFunction(tracker)] as const,
  [describePutRelease(), putReleaseFunction(tracker, releases)] as const,
  [describeRelease(), releaseFunction(releases)] as const,
  [describeWaitForRelease(), waitForReleaseFunction(releases)] as const,
  [describeReleases(), releasesFunction(releases)] as const,
  [describeDeleteRelease(), deleteReleaseFunction(releases)] as const,
  [describeImages(), imagesFunction(tracker)] as const,
  [describeSummary(), summaryFunction(tracker)] as const,
  [describeReplicas(), replicasFunction(tracker)] as const,
  [describeRegistries(), registriesFunction(tracker.registries)] as const,
  [describeEvents(), eventsFunction(tracker)] as const,
  [describeWaiting(), waitingFunction(tracker, { list: async () => [] })] as const,
  [describeReplayRequest(), replayFunction(tracker, memoryReplays(memory).replays, now)] as const,
  [describeAzurePipelinesCheck(), checkAzurePipelinesFunction(noChecks)] as const,
  [
    describeGithubCheck(),
    checkGithubFunction({ ...noChecks, webhookSecret: 'none', imageTemplate: undefined }),
  ] as const,
  [describeWebhook(), doorOf({ tracker, secrets, now })] as const,
  [describeServiceHealth(), serviceHealthFunction({ registries: tracker.registries, secrets, health, now })] as const,
  [describeHealth(), healthFunction(tracker, [], now)] as const,
  [describeOpenApi(), openApiFunction([])] as const,
  [describeUi(), uiFunction(async () => page)] as const,
].map(([route, options]) => [`${route.method} ${route.path}`, route, options]);

test('no route is left out', () => {
  const all = routes.map((one) => one()).map(({ method, path }) => `${method} ${path}`);
  expect(functions.map(([name]) => name).sort()).toEqual(all.sort());
});

const errorsOf = ({ body }: Answer) => (body as { errors?: { field: string; reason: string }[] } | undefined)?.errors;
const ask = (options: HttpFunctionOptions, query: string) => call(options, { path: `any?${query}` });

describe.each(functions)('%s', (_name, route, options) => {
  const known = Object.keys(route.query?.shape ?? {});

  test('names the nearest of its parameters to one that it does not know', async () => {
    const answer = await ask(options, 'imagge=x&__proto__=x');
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' } });
    expect(errorsOf(answer)?.map(({ field }) => field)).toEqual(['imagge', '__proto__']);
    const reason = errorsOf(answer)?.[0]?.reason;
    expect(reason).toContain('is not a parameter of this route');
    if (known.includes('image')) expect(reason).toContain('the nearest is "image"');
    for (const name of known) expect(reason).toContain(name);
    expect(route.answers[400]).toBeDefined();
  });

  test('knows those that it is described with', async () => {
    for (const name of known) {
      const refused = errorsOf(await ask(options, `${name}=x`)) ?? [];
      for (const { reason } of refused) expect(reason).not.toContain('is not a parameter');
    }
  });

  test.each(['code=x', 'CODE=x', 'code=x&clientId=default'])('lets the host have %s', async (query) => {
    for (const { reason } of errorsOf(await ask(options, query)) ?? []) {
      expect(reason).not.toContain('is not a parameter');
    }
  });
});

const availability = availabilityFunction(tracker);
const image = `contoso.azurecr.io/team/app@${digestOf(1)}`;

test.each([
  ['region=eastus', 'region', '"regions"'],
  ['Image=x', 'Image', '"image"'],
  ['requires=any', 'requires', '"require"'],
  ['=x', '""', '"image"'],
  ['%20=x', '" "', '"image"'],
  [`${'a'.repeat(500)}=x`, `"${'a'.repeat(80)}…"`, ''],
])('?%s is refused as %s', async (query, field, meant) => {
  const answer = await ask(availability, `image=${image}&${query}`);
  expect(answer.status).toBe(400);
  expect(errorsOf(answer)).toEqual([{ field, reason: expect.stringContaining(meant) }]);
});

test('a thousand of them make no long answer', async () => {
  const names = Array.from({ length: 1_000 }, (_, i) => `stranger-${i}=x`);
  const answer = await ask(availability, names.join('&'));
  expect(answer.status).toBe(400);
  expect(answer.text.length).toBeLessThan(5_000);
});

describe('white space around a value', () => {
  const encoded = (text: string) => encodeURIComponent(text);

  test('is dropped, as the output of a command on Windows ends with it', async () => {
    await deliver(memory, 'eastus');
    const query = `image=${encoded(` ${image}\r\n`)}&regions=${encoded('eastus\r\nwesteurope\r\n')}&require=${encoded('any\r')}`;
    const answer = await ask(availability, query);
    expect(answer).toMatchObject({
      status: 200,
      body: { image, requirement: { regions: ['eastus', 'westeurope'], needed: 1 } },
    });
    const waited = await ask(waitFunction(tracker), `${query}&timeout=${encoded('0\r')}`);
    expect(waited.status).toBe(200);
    const listed = await ask(
      imagesFunction(tracker),
      `registry=${encoded('contoso\r\n')}&limit=${encoded(' 5\n')}&missing=${encoded('false\r')}`,
    );
    expect(listed.status).toBe(200);
  });

  test('is dropped in a body as well', async () => {
    const { replays } = memoryReplays(memory);
    const body = JSON.stringify({ image: `${image}\r\n` });
    const answer = await call(replayFunction(tracker, replays, now), { path: 'events/replay', body });
    expect(answer.status).toBe(202);
  });
});

test.each([
  ['/api/health', healthFunction(tracker, [], now)],
  ['/api/openapi.json', openApiFunction(routes)],
  ['/ui', uiFunction(async () => page)],
])('HEAD %s is answered like GET, without the body', async (_path, options) => {
  expect(options.methods).toEqual(['GET', 'HEAD']);
  const get = await call(options, { path: 'any' });
  const head = await call({ ...options, methods: ['HEAD'] }, { path: 'any' });
  expect(head.status).toBe(get.status);
  expect(head.headers).toEqual({ ...get.headers, 'content-length': String(Buffer.byteLength(get.text)) });
  expect(head.text).toBe('');
  const headers = { 'accept-encoding': 'gzip' };
  const compressed = await call({ ...options, methods: ['HEAD'] }, { path: 'any', headers });
  if (compressed.headers['content-encoding'] === 'gzip')
    expect(Number(compressed.headers['content-length'])).toBeLessThan(Buffer.byteLength(get.text));
});
