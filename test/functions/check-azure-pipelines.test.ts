import { describe, expect, test } from 'vitest';
import { defaultCallbackOrigins, parseCallbackOrigins } from '../../src/core/checks/callback-origins.ts';
import type { CheckRequest } from '../../src/core/checks/check.ts';
import type { Checks } from '../../src/core/checks/checks.ts';
import { resolveCheck } from '../../src/core/checks/resolve-question.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { checkAzurePipelinesFunction } from '../../src/functions/api/check-azure-pipelines.ts';
import { registryOf, replicaSetOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import { checkWorld, image } from '../support/check-instances.ts';

const origins = parseCallbackOrigins(defaultCallbackOrigins);
const headers: Record<string, string> = {
  'content-type': 'application/json',
  planurl: 'https://dev.azure.com/contoso/',
  projectid: '00000001-0000-4000-8000-000000000000',
  hubname: 'checks',
  planid: '00000002-0000-4000-8000-000000000000',
  jobid: '00000003-0000-4000-8000-000000000000',
  timelineid: '00000004-0000-4000-8000-000000000000',
  taskinstanceid: '00000005-0000-4000-8000-000000000000',
  authtoken: 'the-token-of-the-plan',
};

interface SendInput {
  readonly headers?: Record<string, string | undefined>;
  readonly checks?: Pick<Checks, 'read' | 'accept'> | undefined;
}

function send(body: unknown, input: SendInput = {}) {
  if (!origins.ok) throw new Error('the default origins are none');
  const accepted: CheckRequest[] = [];
  const fake: Pick<Checks, 'read' | 'accept'> = {
    read: async (asked) => resolveCheck(asked, [registryOf()], replicaSetOf),
    async accept(request) {
      accepted.push(request);
      return 'accepted';
    },
  };
  const all = Object.entries({ ...headers, ...input.headers }).filter(([, value]) => value !== undefined);
  const checks = 'checks' in input ? input.checks : fake;
  return call(checkAzurePipelinesFunction({ checks, origins: origins.value }), {
    path: 'checks/azure-pipelines',
    headers: Object.fromEntries(all) as Record<string, string>,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }).then((answer) => ({ ...answer, accepted }));
}

test('a check is accepted with what it asks and where to call back', async () => {
  const { status, body, accepted } = await send({ image, regions: ['eastus'], require: 1, timeout: 90, other: {} });
  expect([status, body]).toEqual([200, { check: accepted[0]?.id, outcome: 'accepted' }]);
  expect(accepted).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{40}$/),
      kind: 'azurePipelines',
      images: [image],
      regions: 'eastus',
      require: '1',
      timeoutMs: 90_000,
      callback: expect.any(String),
    },
  ]);
  expect(JSON.parse(accepted[0]?.callback ?? '')).toEqual({
    planUrl: 'https://dev.azure.com/contoso',
    projectId: headers.projectid,
    hubName: 'checks',
    planId: headers.planid,
    jobId: headers.jobid,
    timelineId: headers.timelineid,
    taskInstanceId: headers.taskinstanceid,
    authToken: headers.authtoken,
  });
});

test("white space around what is asked is dropped: a pipeline's variable may end in it", async () => {
  const { accepted } = await send({ image: ` ${image}\r\n`, regions: 'eastus\r\n', require: '1\r', timeout: '90\n' });
  expect(accepted).toMatchObject([{ images: [image], regions: 'eastus', require: '1', timeoutMs: 90_000 }]);
});

test('several images are one check', async () => {
  const worker = 'contoso.azurecr.io/team/worker:v1';
  const { status, accepted } = await send({ image, images: [worker, image], timeout: 60 });
  expect(status).toBe(200);
  expect(accepted).toMatchObject([{ images: [image, worker], timeoutMs: 60_000 }]);
});

test('a release is asked for by its name', async () => {
  const { status, accepted } = await send({ release: 'shop-2.4', timeout: 60 });
  expect(status).toBe(200);
  expect(accepted).toMatchObject([{ images: [], release: 'shop-2.4', timeoutMs: 60_000 }]);
});

test('the same task is the same check, another is another', async () => {
  const idOf = async (changes: Record<string, string>) =>
    (await send({ image, timeout: 5 }, { headers: changes })).accepted[0]?.id;
  const id = await idOf({});
  expect(await idOf({ authtoken: 'a-newer-token' })).toBe(id);
  for (const name of ['projectid', 'hubname', 'planid', 'jobid', 'taskinstanceid']) {
    expect(await idOf({ [name]: 'another' })).not.toBe(id);
  }
  const elsewhere = ['https://dev.azure.com/fabrikam/', 'https://contoso.visualstudio.com/', 'https://dev.azure.com/'];
  for (const planurl of elsewhere) expect(await idOf({ planurl })).not.toBe(id);
  for (const planurl of ['https://dev.azure.com/contoso', 'https://DEV.azure.com/contoso/']) {
    expect(await idOf({ planurl })).toBe(id);
  }
});

test('and is answered the same', async () => {
  const world = checkWorld();
  const checks = world.instance();
  const [first, second] = [await send({ image }, { checks }), await send({ image }, { checks })];
  expect([second.status, second.body]).toEqual([first.status, first.body]);
});

describe('refusals name what is wrong', () => {
  const names = ['PlanUrl', 'ProjectId', 'HubName', 'PlanId', 'JobId', 'TimelineId', 'TaskInstanceId', 'AuthToken'];
  test.each(names)('without %s', async (name) => {
    const { status, body, accepted } = await send({ image }, { headers: { [name.toLowerCase()]: undefined } });
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ field: name }] });
    expect(accepted).toEqual([]);
  });

  test('faults in headers are reported even when the body is invalid too', async () => {
    const { status, body } = await send('', { headers: { jobid: undefined } });
    expect([status, body]).toMatchObject([400, { errors: [{ field: 'JobId' }] }]);
  });

  test.each<[string, unknown, number, string | undefined]>([
    ['no image', {}, 400, 'image'],
    ['an empty image', { image: '' }, 400, 'image'],
    ['images that are none', { images: '' }, 400, 'image'],
    ['an empty list of images', { images: [] }, 400, 'images'],
    ['one of several that is no reference', { images: [image, 'contoso.azurecr.io/UPPER'] }, 400, 'images[1]'],
    ['one of several in another registry', { images: [image, 'fabrikam.azurecr.io/app:v1'] }, 404, undefined],
    ['an image of another type', { image: 7 }, 400, 'image'],
    ['a reference that is none', { image: 'contoso.azurecr.io/UPPER' }, 400, 'image'],
    ['regions of another type', { image, regions: 7 }, 400, 'regions'],
    ['an unknown region', { image, regions: 'eastus,nowhere' }, 400, 'regions'],
    ['a requirement that cannot be met', { image, require: 3 }, 400, 'require'],
    ['a requirement of another type', { image, require: {} }, 400, 'require'],
    ['a time-out of another type', { image, timeout: '1h' }, 400, 'timeout'],
    ['a time-out that is too long', { image, timeout: 172_801 }, 400, 'timeout'],
    ['a body that is not JSON', '{', 400, 'body'],
    ['an empty body', '', 400, 'body'],
    ['a list', [], 400, 'body'],
    ['another registry', { image: 'fabrikam.azurecr.io/app:v1' }, 404, undefined],
    ['a body that is too large', { image, padding: 'x'.repeat(70_000) }, 413, undefined],
  ])('%s', async (_what, sent, status, field) => {
    const { status: answered, body, accepted } = await send(sent);
    expect(answered).toBe(status);
    if (field !== undefined) expect(body).toMatchObject({ errors: [{ field }] });
    expect(accepted).toEqual([]);
  });

  test('an address that is not allowed', async () => {
    const { status, body, text } = await send({ image }, { headers: { planurl: 'https://evil.example/contoso/' } });
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ field: 'PlanUrl', reason: expect.stringContaining('CALLBACK_ORIGINS') }] });
    expect(text).not.toContain('evil');
  });
});

test('503 without the key, and when it could not be stored', async () => {
  const off = await send({ image }, { checks: undefined });
  expect([off.status, off.body]).toMatchObject([503, { detail: expect.stringContaining('CALLBACK_KEY') }]);
  const accept = async () => Promise.reject(new UpstreamError('unavailable', 'no answer'));
  const read: Checks['read'] = async (asked) => resolveCheck(asked, [registryOf()], replicaSetOf);
  const broken = await send({ image }, { checks: { read, accept } });
  expect(broken.status).toBe(503);
  expect(broken.headers['retry-after']).toBeDefined();
});

test('the token stands in no answer and no log', async () => {
  for (const body of [{ image }, {}, 'x']) {
    const { text, log } = await send(body, { headers: { jobid: '../x' } });
    expect(text + log.join()).not.toContain(headers.authtoken);
  }
});
