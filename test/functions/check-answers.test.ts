/** What the doors of the checks answer, held to what their descriptions say. */
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { defaultCallbackOrigins, parseCallbackOrigins } from '../../src/core/checks/callback-origins.ts';
import type { Checks } from '../../src/core/checks/checks.ts';
import { resolveCheck } from '../../src/core/checks/resolve-question.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import {
  checkAzurePipelinesFunction,
  describeAzurePipelinesCheck,
} from '../../src/functions/api/check-azure-pipelines.ts';
import { checkGithubFunction, describeGithubCheck } from '../../src/functions/api/check-github.ts';
import { registryOf, replicaSetOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import { expectDescribed } from '../support/described.ts';

type Parts = Pick<Checks, 'read' | 'accept'>;

const image = 'contoso.azurecr.io/team/app:v1';
const parsed = parseCallbackOrigins(defaultCallbackOrigins);
const origins = parsed.ok ? parsed.value : expect.fail('the default origins are none');
const working: Parts = {
  read: async (asked) => resolveCheck(asked, [registryOf()], replicaSetOf),
  accept: async () => 'accepted',
};
const failing: Parts = { ...working, accept: () => Promise.reject(new UpstreamError('unavailable', 'table')) };

const planHeaders: Record<string, string> = {
  planurl: 'https://dev.azure.com/contoso/',
  hubname: 'checks',
  authtoken: 'the-token-of-the-plan',
  ...Object.fromEntries(
    ['projectid', 'planid', 'jobid', 'timelineid', 'taskinstanceid'].map((name, i) => [
      name,
      `0000000${i + 1}-0000-4000-8000-000000000000`,
    ]),
  ),
};

test.each<[string, Parts | undefined, string, number]>([
  ['a question', working, JSON.stringify({ image, regions: 'eastus' }), 200],
  ['no image', working, '{}', 400],
  ['an unknown registry', working, JSON.stringify({ image: 'fabrikam.azurecr.io/app' }), 404],
  ['too much', working, ' '.repeat(70_000), 413],
  ['a question while the storage is away', failing, JSON.stringify({ image }), 503],
  ['a question without a key to keep tokens with', undefined, JSON.stringify({ image }), 503],
])('Azure Pipelines with %s', async (_what, checks, body, status) => {
  const options = checkAzurePipelinesFunction({ checks, origins });
  const answer = await call(options, { path: 'checks/azure-pipelines', headers: planHeaders, body });
  if (status !== 503) expectDescribed(describeAzurePipelinesCheck(), answer, status);
  else expect(answer).toMatchObject({ status, body: { status } });
});

test('the headers described are those that are asked for', async () => {
  const options = checkAzurePipelinesFunction({ checks: working, origins });
  const answer = await call(options, { path: 'checks/azure-pipelines', body: JSON.stringify({ image }) });
  const { errors } = answer.body as { errors: { field: string }[] };
  const described = Object.keys(describeAzurePipelinesCheck().headers?.shape ?? {});
  expect(errors.map(({ field }) => field.toLowerCase()).sort()).toEqual(
    described.map((name) => name.toLowerCase()).sort(),
  );
});

const githubSecret = 'the-secret-of-the-app';
const request = {
  action: 'requested',
  environment: 'production',
  event: 'push',
  deployment_callback_url:
    'https://api.github.com/repos/contoso/app/actions/runs/1234567890/deployment_protection_rule',
  deployment: { sha: 'a'.repeat(40), ref: 'main', payload: { image } },
  repository: { full_name: 'contoso/app', name: 'app', owner: { login: 'contoso' } },
  installation: { id: 7 },
};

test.each<[string, object | string, Record<string, string>, Parts | undefined, number]>([
  ['a ping', { zen: 'Keep it logically awesome.' }, { 'x-github-event': 'ping' }, working, 200],
  ['another event', {}, { 'x-github-event': 'push' }, working, 200],
  ['a request', request, {}, working, 202],
  ['no request', 'hello', {}, working, 400],
  ['a wrong signature', request, { 'x-hub-signature-256': 'sha256=00' }, working, 401],
  ['too much', ' '.repeat(1_100_000), {}, working, 413],
  ['a request while checks are off', request, {}, undefined, 503],
])('GitHub with %s', async (_what, sent, changes, checks, status) => {
  const body = typeof sent === 'string' ? sent : JSON.stringify(sent);
  const signature = createHmac('sha256', githubSecret).update(body).digest('hex');
  const headers = {
    'x-github-event': 'deployment_protection_rule',
    'x-github-delivery': 'delivery-1',
    'x-hub-signature-256': `sha256=${signature}`,
    ...changes,
  };
  const options = checkGithubFunction({ checks, origins, webhookSecret: githubSecret, imageTemplate: undefined });
  const answer = await call(options, { path: 'checks/github', headers, body });
  if (status !== 503) expectDescribed(describeGithubCheck(), answer, status);
  else expect(answer).toMatchObject({ status, body: { status } });
});
