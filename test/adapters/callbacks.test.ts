/** Both senders of verdicts against stand-ins that check the services' contracts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { azurePipelinesSender } from '../../src/adapters/callbacks/azure-pipelines.ts';
import { githubSender } from '../../src/adapters/callbacks/github.ts';
import { poster } from '../../src/adapters/callbacks/http.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { parseAzurePipelinesCallback } from '../../src/core/checks/azure-pipelines-request.ts';
import { parseCallbackOrigins } from '../../src/core/checks/callback-origins.ts';
import { parseGithubRequest } from '../../src/core/checks/github-request.ts';
import type { VerdictSender } from '../../src/core/checks/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { AzureDevOps, Plan } from '../support/azure-devops-stand-in.ts';
import { ended, startAzureDevOps } from '../support/azure-devops-stand-in.ts';
import type { Delivery, Github } from '../support/github-stand-in.ts';
import { startGithub } from '../support/github-stand-in.ts';
import type { Misbehaviour } from '../support/stand-in-service.ts';
import { hurryTimeLimits } from '../support/storage-stand-in.ts';

let azure: AzureDevOps;
let github: Github;
let toAzure: VerdictSender;
let toGithub: VerdictSender;
const succeeded = { result: 'succeeded', comment: 'app@sha256:1 is in 2 of 2 regions' } as const;

beforeAll(async () => {
  [azure, github] = await Promise.all([startAzureDevOps(), startGithub()]);
  toAzure = azurePipelinesSender({ fetch, clock: systemClock });
});
beforeEach(() => {
  toGithub = githubSender({ fetch, clock: systemClock, appId: github.appId, privateKey: github.privateKey });
  for (const service of [azure, github]) {
    service.misbehave = () => undefined;
    service.breaches.length = 0;
    service.seen.length = 0;
  }
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => Promise.all([azure?.stop(), github?.stop()]));

function originsOf(origin: string) {
  const origins = parseCallbackOrigins(origin);
  if (!origins.ok) throw new Error('the stand-in is at no origin');
  return origins.value;
}

/** The callback that is encrypted when a check is accepted, made by the endpoint's own parser. */
function azureCallback(headers: Record<string, string>): string {
  const callback = parseAzurePipelinesCallback((name) => headers[name] ?? null, originsOf(azure.origin));
  if (!callback.ok) throw new Error(JSON.stringify(callback.problems));
  return JSON.stringify(callback.value);
}

function githubCallback({ body }: Delivery): string {
  const request = parseGithubRequest(JSON.parse(body), originsOf(github.origin));
  if (!request.ok || request.value === undefined) throw new Error(JSON.stringify(request));
  return JSON.stringify(request.value.callback);
}

async function failureOf(work: Promise<unknown>): Promise<UpstreamError> {
  const error = await work.then(
    (value) => value,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UpstreamError)) throw new Error(`no failure: ${String(error)}`);
  return error;
}

function statusOf(misbehaviour: Misbehaviour): number {
  return typeof misbehaviour === 'object' ? (misbehaviour.status ?? 0) : 0;
}

describe('Azure Pipelines', () => {
  test('takes a line of progress, a last line, and the verdict', async () => {
    const { plan, headers } = azure.wait();
    await toAzure.progress(azureCallback(headers), 'waiting: 1 of 2');
    await toAzure.lastLine?.(azureCallback(headers), succeeded.comment);
    expect(await toAzure.verdict(azureCallback(headers), succeeded)).toBe('delivered');
    expect(azure.lines(plan)).toEqual(['waiting: 1 of 2', succeeded.comment]);
    expect(azure.results(plan)).toEqual(['succeeded']);
    expect(azure.breaches).toEqual([]);
  });

  test.each<[string, Partial<Plan>]>([
    ['checks', {}],
    ['build', { hubName: 'build' }],
    ['Gates', { hubName: 'Gates', organization: 'con%20toso' }],
  ])('hub %s', async (_hub, changes) => {
    const { plan, headers } = azure.wait(changes);
    expect(await toAzure.verdict(azureCallback(headers), { result: 'failed', comment: 'timed out' })).toBe('delivered');
    expect(azure.results(plan)).toEqual(['failed']);
    expect(azure.breaches).toEqual([]);
  });

  test('a second verdict is for nobody', async () => {
    const { headers } = azure.wait();
    expect(await toAzure.verdict(azureCallback(headers), succeeded)).toBe('delivered');
    expect(await toAzure.verdict(azureCallback(headers), succeeded)).toBe('dead');
  });

  test('a last line that is not taken fails, and the verdict brings none', async () => {
    const { plan, headers } = azure.wait();
    azure.misbehave = ({ path }) => (path.includes('/feed') ? { status: 500 } : undefined);
    await failureOf(toAzure.lastLine?.(azureCallback(headers), succeeded.comment) ?? expect.fail());
    expect(await toAzure.verdict(azureCallback(headers), succeeded)).toBe('delivered');
    expect([azure.lines(plan), azure.results(plan)]).toEqual([[], ['succeeded']]);
  });

  test.each<[string, Misbehaviour, 'dead' | 'notYet' | string, number?]>([
    ['the plan has ended', ended, 'dead'],
    ['the plan was cancelled', { status: 404, body: '{"typeKey":"TaskOrchestrationPlanTerminatedException"}' }, 'dead'],
    ['a plan that is gone', { status: 410 }, 'dead'],
    [
      'a plan that is not there',
      { status: 404, body: '{"typeKey":"TaskOrchestrationPlanNotFoundException"}' },
      'notYet',
    ],
    ['a plan that somebody else changes', { status: 409 }, 'notYet'],
    ['a plan that is not as far', { status: 422 }, 'notYet'],
    ['a plan that is locked', { status: 423 }, 'notYet'],
    ['too early', { status: 425 }, 'notYet'],
    ['a bad request', { status: 400 }, 'invalid'],
    ['another method', { status: 405 }, 'invalid'],
    ['too large', { status: 413 }, 'invalid'],
    ['no time', { status: 408 }, 'unavailable'],
    ['an expired token', { status: 401 }, 'unauthorized'],
    ['no permission', { status: 403 }, 'unauthorized'],
    ['its sign-in page', { status: 203, body: '<html>' }, 'unauthorized'],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:9/stolen' } }, 'unauthorized'],
    ['a redirect that keeps the method', { status: 307, headers: { location: '/stolen' } }, 'unauthorized'],
    ['an error', { status: 500, body: '{}' }, 'unavailable'],
    ['a bad gateway', { status: 502 }, 'unavailable'],
    ['too many requests', { status: 429 }, 'throttled'],
    ['too many requests, with a pause', { status: 429, headers: { 'retry-after': '17' } }, 'throttled', 17_000],
    ['unavailable, with a pause', { status: 503, headers: { 'retry-after': '5' } }, 'throttled', 5_000],
    ['a pause of a week', { status: 429, headers: { 'retry-after': '604800' } }, 'throttled', 3_600_000],
    ['a hang-up', 'hangUp', 'unavailable'],
  ])('%s', async (_what, misbehaviour, expected, retryAfterMs) => {
    const { plan, headers } = azure.wait();
    azure.misbehave = ({ path }) => (path.includes('/events') ? misbehaviour : undefined);
    if (expected === 'dead' || expected === 'notYet') {
      const reply = await toAzure.verdict(azureCallback(headers), succeeded);
      expect(reply).toEqual(expected === 'dead' ? 'dead' : { notYet: `Azure Pipelines (${statusOf(misbehaviour)})` });
    } else {
      const failure = await failureOf(toAzure.verdict(azureCallback(headers), succeeded));
      expect(failure).toMatchObject({ code: expected, retryAfterMs, temporary: expected !== 'invalid' });
      expect(`${failure.message} ${JSON.stringify(failure)}`).not.toContain(plan.token);
      expect(failure.message).not.toContain('http');
    }
    expect(azure.seen.filter(({ path }) => path.includes('/events'))).toHaveLength(1);
    expect(azure.seen.filter(({ path }) => path.includes('stolen'))).toEqual([]);
  });

  test('an endless body is not read to its end', async () => {
    const { headers } = azure.wait();
    azure.misbehave = () => ({ status: 500, body: 'x'.repeat(20_000_000) });
    expect(await failureOf(toAzure.verdict(azureCallback(headers), succeeded))).toMatchObject({ code: 'unavailable' });
  });
});

describe('GitHub', () => {
  test('takes notes and the review, with one token for all', async () => {
    const first = github.request();
    const second = github.request({ environment: 'West Europe/prod' });
    const given = github.tokens.length;
    await Promise.all([
      toGithub.progress(githubCallback(first), 'waiting: 1 of 2'),
      toGithub.progress(githubCallback(second), 'waiting: 1 of 2'),
    ]);
    expect(await toGithub.verdict(githubCallback(first), succeeded)).toBe('delivered');
    expect(await toGithub.verdict(githubCallback(second), { result: 'failed', comment: 'timed out' })).toBe(
      'delivered',
    );
    expect(github.notes(first.run)).toEqual(['waiting: 1 of 2']);
    expect(github.reviews(first.run)).toEqual([{ state: 'approved', comment: succeeded.comment }]);
    expect(github.reviews(second.run)).toEqual([{ state: 'rejected', comment: 'timed out' }]);
    expect(github.tokens.length - given).toBe(1);
    expect(github.breaches).toEqual([]);
  });

  test('a token that has been revoked is replaced once', async () => {
    const delivery = github.request();
    await toGithub.progress(githubCallback(delivery), 'waiting');
    github.revokeTokens();
    expect(await toGithub.verdict(githubCallback(delivery), succeeded)).toBe('delivered');
    expect(github.reviews(delivery.run)).toHaveLength(1);
  });

  test('a token that ends soon is replaced before it is refused', async () => {
    const delivery = github.request();
    github.tokenLifeMs = 60_000;
    await toGithub.progress(githubCallback(delivery), 'waiting');
    github.tokenLifeMs = 3_600_000;
    await toGithub.progress(githubCallback(delivery), 'still waiting');
    expect(github.seen.filter(({ path }) => path.includes('access_tokens'))).toHaveLength(2);
  });

  test('comments are short, and plain Markdown', async () => {
    const delivery = github.request();
    await toGithub.progress(
      githubCallback(delivery),
      `a [link](http://evil.example) \`code\` <b> ${'*'.repeat(2_000)}`,
    );
    const [note = ''] = github.notes(delivery.run);
    expect(note).toHaveLength(1_024);
    expect(note).toMatch(/^a \\\[link\\\]\(http:\/\/evil\.example\) \\`code\\` \\<b\\> (\\\*)+…$/);
    expect(github.breaches).toEqual([]);
  });

  const review = 'deployment_protection_rule';
  const token = 'access_tokens';
  const inAMinute = String(Math.floor(Date.now() / 1000) + 60);
  test.each<[string, string, Misbehaviour, 'dead' | 'notYet' | string, unknown?]>([
    ['a run that does not wait, yet or any more', review, { status: 422 }, 'notYet'],
    ['a run that is not there', review, { status: 404 }, 'notYet'],
    ['a run that is being changed', review, { status: 409 }, 'notYet'],
    ['an installation that is not there', token, { status: 404 }, 'notYet'],
    ['an installation that is being made', token, { status: 422 }, 'notYet'],
    ['a run that is gone', review, { status: 410 }, 'dead'],
    ['a bad request', review, { status: 400 }, 'invalid'],
    ['for legal reasons', review, { status: 451 }, 'invalid'],
    ['no time', review, { status: 408 }, 'unavailable'],
    ['a token that is asked for in a wrong way', token, { status: 400 }, 'unauthorized'],
    ['the app has another key', token, { status: 401 }, 'unauthorized'],
    ['the app is suspended', token, { status: 403 }, 'unauthorized'],
    ['a token that is none', token, { status: 201, body: '{"token":"two words"}' }, 'unavailable'],
    ['no permission', review, { status: 403 }, 'unauthorized'],
    ['a renamed repository', review, { status: 307, headers: { location: '/stolen' } }, 'unauthorized'],
    ['credentials it does not like', review, { status: 401 }, 'unauthorized'],
    ['an error', review, { status: 502 }, 'unavailable'],
    ['an error of the tokens', token, { status: 500 }, 'unavailable'],
    ['a hang-up', review, 'hangUp', 'unavailable'],
    ['too many requests', review, { status: 429, headers: { 'retry-after': '9' } }, 'throttled', 9_000],
    ['a secondary limit', review, { status: 403, headers: { 'retry-after': '60' } }, 'throttled', 60_000],
    [
      'a secondary rate limit, in the message only',
      review,
      { status: 403, body: '{"message":"secondary rate limit"}' },
      'throttled',
    ],
    [
      'the limit of the hour',
      review,
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inAMinute } },
      'throttled',
      expect.any(Number),
    ],
  ])('%s', async (_what, place, misbehaviour, expected, retryAfterMs) => {
    const delivery = github.request();
    github.misbehave = ({ path }) => (path.includes(place) ? misbehaviour : undefined);
    if (expected === 'dead' || expected === 'notYet') {
      const reply = await toGithub.verdict(githubCallback(delivery), succeeded);
      expect(reply).toEqual(expected === 'dead' ? 'dead' : { notYet: `GitHub (${statusOf(misbehaviour)})` });
      return;
    }
    const failure = await failureOf(toGithub.verdict(githubCallback(delivery), succeeded));
    expect(failure).toMatchObject({ code: expected, retryAfterMs, temporary: expected !== 'invalid' });
    expect(JSON.stringify([failure.message, failure])).not.toMatch(/ghs_|http/);
    expect(github.seen.filter(({ path }) => path.includes('stolen'))).toEqual([]);
    expect(github.seen.filter(({ path }) => path.includes(review)).length).toBeLessThanOrEqual(2);
  });

  test('a key that is none is a fault at the start', () => {
    expect(() => githubSender({ fetch, clock: systemClock, appId: '1', privateKey: 'no key' })).toThrow();
  });
});

describe('one call', () => {
  test('is given up when nobody answers in time', async () => {
    hurryTimeLimits();
    github.misbehave = () => 'silence';
    const error = await failureOf(poster('GitHub', fetch)(`${github.origin}/x`, {}, {}));
    expect(error).toMatchObject({ code: 'unavailable', message: 'GitHub: no answer in time' });
  }, 5_000);

  test('reads no more of an answer than is worth it, however much there is', async () => {
    let pieces = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (++pieces > 1_000) controller.close();
        else controller.enqueue(new Uint8Array(10_000).fill(0x61));
      },
    });
    const { text } = await poster('GitHub', async () => new Response(endless))('https://github.example/', {}, {});
    expect(text).toHaveLength(65_536);
    expect(pieces).toBeLessThan(20);
  });
});

test('a last line that nobody answers does not keep the verdict back for long', async () => {
  const { plan, headers } = azure.wait();
  azure.misbehave = ({ path }) => (path.includes('/feed') ? 'hangUp' : undefined);
  await failureOf(toAzure.lastLine?.(azureCallback(headers), succeeded.comment) ?? expect.fail());
  expect(await toAzure.verdict(azureCallback(headers), succeeded)).toBe('delivered');
  expect(azure.results(plan)).toEqual(['succeeded']);
});

test.each([200, 403, 500])('what comes with %i is no token, whatever it holds', async (status) => {
  github.misbehave = ({ path }) =>
    path.includes('access_tokens')
      ? { status, body: JSON.stringify({ token: 'a-token', expires_at: '2099-01-01T00:00:00Z' }) }
      : undefined;
  await failureOf(toGithub.verdict(githubCallback(github.request({})), succeeded));
  expect(github.seen.filter(({ path }) => !path.includes('access_tokens'))).toEqual([]);
});
