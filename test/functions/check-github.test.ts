import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCallbackOrigins } from '../../src/core/checks/callback-origins.ts';
import type { CheckRequest } from '../../src/core/checks/check.ts';
import type { Checks } from '../../src/core/checks/checks.ts';
import { resolveCheck } from '../../src/core/checks/resolve-question.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { checkGithubFunction } from '../../src/functions/api/check-github.ts';
import { isSignedByGithub } from '../../src/functions/http/github-signature.ts';
import { registryOf, replicaSetOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import { image } from '../support/check-instances.ts';
import type { Github } from '../support/github-stand-in.ts';
import { installationId, startGithub } from '../support/github-stand-in.ts';

let github: Github;
beforeAll(async () => {
  github = await startGithub();
});
afterAll(() => github?.stop());

interface SendInput {
  readonly template?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly origins?: string;
  readonly checks?: Pick<Checks, 'read' | 'accept'> | undefined;
}

const read: Checks['read'] = async (asked) => resolveCheck(asked, [registryOf()], replicaSetOf);

/** Sends bytes with a signature that fits them. */
async function send(body: string | Uint8Array, input: SendInput = {}) {
  const origins = parseCallbackOrigins(input.origins ?? github.origin);
  if (!origins.ok) throw new Error('these origins are none');
  const accepted: CheckRequest[] = [];
  const fake: Pick<Checks, 'read' | 'accept'> = {
    read,
    async accept(request) {
      accepted.push(request);
      return 'accepted';
    },
  };
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'deployment_protection_rule',
    'x-github-delivery': '6e9d5ac0-0000-11ef-8000-000000000000',
    'x-hub-signature-256': github.sign(body),
    ...input.headers,
  };
  const sent = Object.entries(headers).filter(([, value]) => value !== undefined);
  const parts = {
    checks: 'checks' in input ? input.checks : fake,
    origins: origins.value,
    webhookSecret: github.webhookSecret,
    imageTemplate: input.template,
  };
  const answer = await call(checkGithubFunction(parts), {
    path: 'checks/github',
    headers: Object.fromEntries(sent) as Record<string, string>,
    body,
  });
  return { ...answer, accepted };
}

const bodyOf = (payload: unknown, changes: object = {}) => github.request({ payload, body: changes }).body;

describe('the signature is the lock', () => {
  // https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries, "Testing the webhook payload validation"
  const [secret, text] = ["It's a Secret to Everybody", 'Hello, World!'];
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

  test('it fits as documented', () => {
    expect(isSignedByGithub(signature, Buffer.from(text), secret)).toBe(true);
    expect(isSignedByGithub(signature.toUpperCase().replace('SHA256', 'sha256'), Buffer.from(text), secret)).toBe(true);
  });

  test.each<[string | null, string, string]>([
    [null, text, secret],
    ['', text, secret],
    [signature, `${text} `, secret],
    [signature, '', secret],
    [signature, text, `${secret}x`],
    [signature.replace('sha256=', ''), text, secret],
    [signature.replace('sha256', 'sha1'), text, secret],
    [signature.slice(0, -1), text, secret],
    [`${signature}0`, text, secret],
    [signature.replace('7', '8'), text, secret],
    ['sha256=', text, secret],
    [`sha256=${'z'.repeat(64)}`, text, secret],
  ])('%j of %j under %j does not', (header, body, key) => {
    expect(isSignedByGithub(header, Buffer.from(body), key)).toBe(false);
  });

  test.each<[string, string | undefined]>([
    ['missing', undefined],
    ['empty', ''],
    ['of another body', 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'],
  ])('%s: 401, whatever the body holds', async (_what, header) => {
    for (const body of [bodyOf({ image }), '{']) {
      const { status, accepted } = await send(body, { headers: { 'x-hub-signature-256': header } });
      expect([status, accepted]).toEqual([401, []]);
    }
  });

  test('it is over the bytes as they came', async () => {
    const body = `  ${bodyOf({ image })}\n`;
    expect((await send(body)).status).toBe(202);
    const { status } = await send(body, { headers: { 'x-hub-signature-256': github.sign(body.trim()) } });
    expect(status).toBe(401);
    const invalid = new Uint8Array([0x22, 0xff, 0x22]);
    expect((await send(invalid)).status).toBe(400);
  });

  test('a ping gets in with it, and not without', async () => {
    const ping = { 'x-github-event': 'ping' };
    expect(await send('{"zen":"x"}', { headers: ping })).toMatchObject({ status: 200, body: { outcome: 'pong' } });
    expect(await send('{}', { headers: { ...ping, 'x-hub-signature-256': undefined } })).toMatchObject({ status: 401 });
  });
});

test('a request is accepted with its question and where to call back', async () => {
  const { body: sent, run } = github.request({ payload: { image, regions: ['eastus'], require: 'any', timeout: 60 } });
  const { status, body, accepted } = await send(sent);
  expect([status, body]).toEqual([202, { check: accepted[0]?.id, outcome: 'accepted' }]);
  expect(accepted).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{40}$/),
      kind: 'github',
      images: [image],
      regions: 'eastus',
      require: 'any',
      timeoutMs: 60_000,
      callback: expect.any(String),
    },
  ]);
  expect(JSON.parse(accepted[0]?.callback ?? '')).toEqual({
    api: github.origin,
    callbackUrl: `${github.origin}/repos/Contoso/App/actions/runs/${run}/deployment_protection_rule`,
    environment: 'production',
    installationId,
  });
});

test('a delivery sent again is the same check, another is another', async () => {
  const sent = bodyOf({ image });
  const idOf = async (delivery: string, body = sent) =>
    (await send(body, { headers: { 'x-github-delivery': delivery } })).accepted[0]?.id;
  expect(await idOf('one')).toBe(await idOf('one'));
  expect(await idOf('one')).not.toBe(await idOf('two'));
  expect(await idOf('one')).not.toBe(await idOf('one', bodyOf({ image })));
});

describe('the image', () => {
  const template = 'contoso.azurecr.io/{owner}/{repo}:{sha}';
  const filled = 'contoso.azurecr.io/contoso/app:d6fde92930d4715a2b49857d24b940956b26d2d3';
  test.each<[unknown, string]>([
    [{ image }, image],
    [JSON.stringify({ image }), image],
    [{}, filled],
    ['', filled],
    [null, filled],
    ['no JSON', filled],
    [[], filled],
    ['"text"', filled],
    [{ image: null }, filled],
    [{ something: 'else' }, filled],
  ])('of the payload %j', async (payload, expected) => {
    const { status, accepted } = await send(bodyOf(payload), { template });
    expect([status, accepted[0]?.images, accepted[0]?.verdict]).toEqual([202, [expected], undefined]);
  });

  const atTop = { sha: '47efb7196c2a1a2fd3f52f2c59f0e2dd3d0e4d54', ref: 'refs/heads/next' };
  const inDeployment = { sha: 'd6fde92930d4715a2b49857d24b940956b26d2d3', ref: 'main' };
  test.each<[string, object, string]>([
    ['a deployment that has neither', { deployment: { id: 1, environment: 'release' }, ...atTop }, 'next-47efb71'],
    ['no deployment', { deployment: null, ...atTop }, 'next-47efb71'],
    ['no deployment at all', { deployment: undefined, ...atTop }, 'next-47efb71'],
    ['a deployment of nulls', { deployment: { sha: null, ref: null, payload: null }, ...atTop }, 'next-47efb71'],
    ['a deployment of other things', { deployment: { sha: 5, ref: '' }, ...atTop }, 'next-47efb71'],
    ['one of each', { deployment: { ref: 'main' }, ...atTop }, 'main-47efb71'],
    ['both, and the deployment is the nearer', { deployment: inDeployment, ...atTop }, 'main-d6fde92'],
  ])('of commit and branch of the event, with %s', async (_what, changes, tag) => {
    const { status, accepted } = await send(bodyOf({}, changes), { template: 'contoso.azurecr.io/app:{ref}-{sha:7}' });
    expect([status, accepted[0]?.images, accepted[0]?.verdict]).toEqual([
      202,
      [`contoso.azurecr.io/app:${tag}`],
      undefined,
    ]);
  });

  test('of a commit that is not given: a rejection that says so', async () => {
    const { status, accepted } = await send(bodyOf({}, { deployment: null }), { template });
    expect([status, accepted[0]?.verdict]).toEqual([
      202,
      { result: 'failed', comment: 'GITHUB_IMAGE_TEMPLATE: names {sha}, which GitHub did not send' },
    ]);
  });

  test('of a payload that has white space around it', async () => {
    const { accepted } = await send(bodyOf({ image: ` ${image}\r\n` }));
    expect(accepted[0]).toMatchObject({ images: [image] });
  });

  const worker = 'contoso.azurecr.io/team/worker:v1';
  test.each<[string, unknown, string, string[]]>([
    ['a list', { images: [image, worker, image] }, template, [image, worker]],
    ['a text', { images: `${image}\r\n${worker}\r\n` }, template, [image, worker]],
    ['one text', { image: `${image} ${worker}` }, template, [image, worker]],
    ['both', { image, images: [worker] }, template, [image, worker]],
    ['a release, which has its own', { release: 'shop-2.4' }, template, []],
    [
      'neither',
      {},
      `${template}  contoso.azurecr.io/{owner}/worker:{sha:7}`,
      [filled, 'contoso.azurecr.io/contoso/worker:d6fde92'],
    ],
  ])('and several, of %s', async (_what, payload, imageTemplate, expected) => {
    const { accepted } = await send(bodyOf(payload), { template: imageTemplate });
    expect(accepted).toMatchObject([{ images: expected }]);
    expect(accepted[0]?.verdict).toBeUndefined();
  });

  test.each<[string, unknown, string | undefined, RegExp]>([
    ['is nowhere', {}, undefined, /^no image: deployment\.payload\.image is not set/],
    ['is no reference', { image: 'UPPER/app' }, undefined, /^deployment\.payload\.image: must begin/],
    [
      'is one of several that is no reference',
      { images: [image, 'app'] },
      undefined,
      /^deployment\.payload\.images\[1\]: /,
    ],
    ['is of an empty list', { images: [] }, template, /^deployment\.payload\.images: must name 1 to 100/],
    ['is no text', { image: 5 }, template, /^deployment\.payload\.image: must be/],
    ['is of a registry that is not tracked', { image: 'fabrikam.azurecr.io/app:v1' }, undefined, /not tracked here/],
    ['is asked for where it cannot be', { image, regions: 'nowhere' }, undefined, /"nowhere" is not a region/],
    ['is asked for more often than it can be', { image, require: 9 }, undefined, /9 of 2 regions can never be met/],
    ['is asked for in time that is none', { image, timeout: 'soon' }, undefined, /timeout: must be/],
    ['cannot be made of the template', {}, 'contoso.azurecr.io/app:{environment}', /the tag must be/],
  ])('%s: a rejection that says so', async (_what, payload, imageTemplate, comment) => {
    const body = github.request({ payload, environment: '…' }).body;
    const { status, accepted } = await send(body, imageTemplate === undefined ? {} : { template: imageTemplate });
    expect(status).toBe(202);
    expect(accepted[0]?.verdict).toEqual({ result: 'failed', comment: expect.stringMatching(comment) });
  });
});

describe('what asks nothing is ignored', () => {
  test.each([
    ['another event', { image }, { 'x-github-event': 'push' }, {}],
    ['another action', { image }, {}, { action: 'completed' }],
  ])('%s', async (_what, payload, headers, changes) => {
    expect(await send(bodyOf(payload, changes), { headers })).toMatchObject({
      status: 200,
      body: { outcome: 'ignored' },
      accepted: [],
    });
  });
});

describe('refusals name what is wrong', () => {
  test.each<[string, object, string]>([
    ['no environment', { environment: undefined }, 'environment'],
    ['no installation', { installation: undefined }, 'installation'],
    ['an installation that is none', { installation: { id: '../1' } }, 'installation.id'],
    ['no repository', { repository: {} }, 'repository.full_name'],
    ['a repository that is none', { repository: { full_name: '../..' } }, 'deployment_callback_url'],
    ['another repository', { repository: { full_name: 'contoso/other' } }, 'deployment_callback_url'],
    ['no callback', { deployment_callback_url: undefined }, 'deployment_callback_url'],
  ])('%s', async (_what, changes, field) => {
    const { status, body, accepted } = await send(bodyOf({ image }, changes));
    expect([status, accepted]).toEqual([400, []]);
    expect(body).toMatchObject({ errors: [{ field }] });
  });

  const allowed = 'https://api.github.com,https://ghe.contoso.example';
  const rule = 'repos/Contoso/App/actions/runs/7/deployment_protection_rule';
  test.each<[string, number]>([
    [`https://api.github.com/${rule}`, 202],
    [`https://ghe.contoso.example/api/v3/${rule}`, 202],
    ['https://api.github.com/repos/contoso/app/actions/runs/7/deployment_protection_rule', 202],
    [`https://api.github.com.evil.example/${rule}`, 400],
    [`https://evil.example/${rule}`, 400],
    [`http://api.github.com/${rule}`, 400],
    [`https://api.github.com:444/${rule}`, 400],
    [`https://x@api.github.com/${rule}`, 400],
    [`https://api.github.com/${rule}/`, 400],
    [`https://api.github.com/${rule}?x=1`, 400],
    [`https://api.github.com/${rule}#x`, 400],
    [`https://api.github.com//${rule}`, 400],
    [`https://api.github.com/x/../${rule}`, 400],
    [`https://API.github.com/${rule}`, 400],
    ['https://api.github.com/repos/Contoso/Other/actions/runs/7/deployment_protection_rule', 400],
    ['https://api.github.com/repos/Contoso%2FApp/x/actions/runs/7/deployment_protection_rule', 400],
    ['https://api.github.com/repos/Contoso/App/actions/runs/x/deployment_protection_rule', 400],
    ['https://api.github.com/repos/Contoso/App/actions/runs/7/approvals', 400],
    ['https://api.github.com/', 400],
    ['no address', 400],
  ])('%s: %i', async (url, status) => {
    const { status: answered, text } = await send(bodyOf({ image }, { deployment_callback_url: url }), {
      origins: allowed,
    });
    expect(answered).toBe(status);
    expect(text).not.toContain('evil');
  });

  test('everything that is missing, in words', async () => {
    const { status, body } = await send('{}');
    const fields = ['action', 'environment', 'deployment_callback_url', 'repository', 'installation'];
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: fields.map((field) => ({ field, reason: 'is required' })) });
  });

  test('no name of the event', async () => {
    for (const event of [undefined, '']) {
      const { status, body, accepted } = await send(bodyOf({ image }), { headers: { 'x-github-event': event } });
      expect([status, accepted]).toEqual([400, []]);
      expect(body).toMatchObject({
        errors: [{ field: 'X-GitHub-Event', reason: expect.stringMatching(/^is required/) }],
      });
    }
  });

  test('no delivery id', async () => {
    for (const delivery of [undefined, '', 'x'.repeat(201)]) {
      const { status, body } = await send(bodyOf({ image }), { headers: { 'x-github-delivery': delivery } });
      expect([status, body]).toMatchObject([400, { errors: [{ field: 'X-GitHub-Delivery' }] }]);
    }
  });

  test('not JSON', async () => {
    for (const body of ['', '{', 'payload=%7B%7D', '[]', 'null']) expect((await send(body)).status).toBe(400);
  });

  test('an empty body, which is what the host makes of a chunked one', async () => {
    for (const headers of [{}, { 'x-hub-signature-256': undefined }, { 'x-hub-signature-256': github.sign('{}') }]) {
      const { status, body, accepted } = await send('', { headers });
      expect([status, accepted]).toEqual([400, []]);
      expect(body).toMatchObject({ errors: [{ field: 'body', reason: expect.stringContaining('chunked') }] });
    }
  });

  test('too large: before it is read where its length is given', async () => {
    const large = `"${'x'.repeat(1024 * 1024)}"`;
    expect((await send(large)).status).toBe(413);
    expect((await send('{}', { headers: { 'content-length': '1048577' } })).status).toBe(413);
  });
});

test('503 without the key, and when it could not be stored', async () => {
  const off = await send(bodyOf({ image }), { checks: undefined });
  expect([off.status, off.body]).toMatchObject([503, { detail: expect.stringContaining('CALLBACK_KEY') }]);
  const accept = async () => Promise.reject(new UpstreamError('unavailable', 'no answer'));
  expect((await send(bodyOf({ image }), { checks: { read, accept } })).status).toBe(503);
});

describe('a signature that is right at first', () => {
  const [secret, text] = ["It's a Secret to Everybody", 'Hello, World!'];
  const right = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  const flipped = right.replaceAll(/./g, (digit) => (digit === '0' ? '1' : '0'));

  test.each([1, 8, 16, 31, 32])('for %i bytes of 32', (bytes) => {
    const given = right.slice(0, 2 * bytes) + flipped.slice(2 * bytes);
    expect(isSignedByGithub(`sha256=${given}`, Buffer.from(text), secret)).toBe(bytes === 32);
  });
});
