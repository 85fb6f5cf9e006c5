/** Webhooks read, repaired, pinged and replayed over ARM, and how its failures are mapped. */
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { armWebhookDirectory } from '../../src/adapters/arm/webhook-directory.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { WebhookDirectory } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { ArmAnswer, ArmStandIn } from '../support/arm-stand-in.ts';
import { resourceId, startArmStandIn } from '../support/arm-stand-in.ts';

const registry: Registry = {
  name: 'contoso',
  loginServer: 'contoso.azurecr.io',
  resourceId,
  regions: undefined,
  observedOnly: [],
  regionalEndpoints: false,
  verify: 'missing',
};
const eastus = 'eastus' as Region;
const secret = 'a-webhook-secret-nobody-may-see';
const serviceUri = 'https://tracker.example/api/webhooks/contoso/eastus';
const wanted = { name: 'replicationeastus', region: eastus, serviceUri, secret };

let arm: ArmStandIn;
let directory: WebhookDirectory;

beforeEach(async () => {
  arm = await startArmStandIn();
  directory = make();
});
afterEach(() => arm.stop());

function make(timeoutMs = 5_000): WebhookDirectory {
  return armWebhookDirectory({
    credential: { getToken: () => Promise.resolve({ token: 'identity', expiresOnTimestamp: 0 }) },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    endpoint: arm.origin,
    timeoutMs,
    pollIntervalMs: 5,
  });
}

async function failure(doing: Promise<unknown>): Promise<UpstreamError> {
  const error: unknown = await doing.then(
    () => undefined,
    (caught) => caught,
  );
  if (!(error instanceof UpstreamError)) throw new Error(`expected a UpstreamError, got ${inspect(error)}`);
  const shown = `${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify(error)}`;
  for (const hidden of [secret, serviceUri, arm.origin, 'subscriptions']) expect(shown).not.toContain(hidden);
  return error;
}

function addWebhook(name: string, location = 'eastus', properties: Record<string, unknown> = {}) {
  const usual = { status: 'enabled', scope: '', actions: ['push', 'delete'], serviceUri };
  arm.webhooks.set(name, { location, properties: { ...usual, ...properties } });
}

test('lists every webhook, on whatever page', async () => {
  addWebhook('one');
  addWebhook('two', 'West Europe', { status: 'disabled', scope: 'app:*', actions: ['push'] });
  addWebhook('three', 'uksouth', { scope: undefined, actions: undefined, status: 'Enabled' });
  expect(await directory.list(registry)).toEqual([
    { name: 'one', region: 'eastus', enabled: true, actions: ['push', 'delete'], scope: '' },
    { name: 'two', region: 'westeurope', enabled: false, actions: ['push'], scope: 'app:*' },
    { name: 'three', region: 'uksouth', enabled: true, actions: [], scope: '' },
  ]);
});

test('a registry without webhooks has none', async () => {
  expect(await directory.list(registry)).toEqual([]);
});

const rubbish: [string, unknown][] = [
  ['no value', {}],
  ['a webhook without a name', { value: [{ location: 'eastus', properties: {} }] }],
  ['a webhook without a region', { value: [{ name: 'one', properties: {} }] }],
  ['null', { value: [null] }],
  ['too many', { value: Array.from({ length: 1_001 }, (_, i) => ({ name: `one${i}`, location: 'eastus' })) }],
];
test.each(rubbish)('a list with %s is an error', async (_name, body) => {
  arm.misbehave = () => ({ status: 200, body });
  expect(await failure(directory.list(registry))).toMatchObject({ code: 'unavailable' });
});

test('where a webhook points is asked for separately', async () => {
  addWebhook('one');
  expect(await directory.serviceUri(registry, 'one')).toBe(serviceUri);
  expect(arm.requests('POST', '/webhooks/one/getCallbackConfig')).toHaveLength(1);
});

test('a webhook that points nowhere is an error', async () => {
  addWebhook('one', 'eastus', { serviceUri: undefined });
  expect(await failure(directory.serviceUri(registry, 'one'))).toMatchObject({ code: 'unavailable' });
});

test('an answer that cannot be parsed is not quoted', async () => {
  arm.misbehave = () => ({
    status: 200,
    text: `{"serviceUri":"${serviceUri}","customHeaders":{"Authorization":"${secret}"`,
  });
  expect(await failure(directory.serviceUri(registry, 'one'))).toMatchObject({ code: 'unavailable' });
});

test.each([0, 3])('creates a webhook that is not there (%i polls)', async (polls) => {
  arm.pollsUntilDone = polls;
  await directory.put(registry, wanted);
  const [put] = arm.requests('PUT', '/webhooks/replicationeastus');
  expect(put?.body).toEqual({
    location: 'eastus',
    properties: {
      serviceUri,
      customHeaders: { Authorization: `Bearer ${secret}` },
      status: 'enabled',
      scope: '',
      actions: ['push', 'delete'],
    },
  });
  expect(arm.requests('GET', '/operations/1').length).toBeGreaterThanOrEqual(polls);
});

test.each([0, 3])('sets a webhook right that is there (%i polls)', async (polls) => {
  arm.pollsUntilDone = polls;
  addWebhook('replicationeastus', 'East US', {
    status: 'disabled',
    scope: 'app',
    serviceUri: 'https://elsewhere.example',
  });
  await directory.put(registry, wanted);
  expect(arm.requests('PUT', '/webhooks/replicationeastus')).toEqual([]);
  expect(arm.webhooks.get('replicationeastus')).toEqual({
    location: 'East US',
    properties: {
      serviceUri,
      customHeaders: { Authorization: `Bearer ${secret}` },
      status: 'enabled',
      scope: '',
      actions: ['push', 'delete'],
    },
  });
});

test('a webhook of another region is left alone', async () => {
  addWebhook('replicationeastus', 'westeurope');
  const error = await failure(directory.put(registry, wanted));
  expect(error).toMatchObject({ code: 'invalid', hint: expect.stringContaining('delete') });
  expect(error.message).toBe('ARM, changing webhook replicationeastus of contoso: it belongs to another region');
  expect(arm.seen.map(({ method }) => method)).toEqual(['GET']);
});

test('a change that fails in the background is an error', async () => {
  arm.changesEnd = 'Failed';
  expect(await failure(directory.put(registry, wanted))).toMatchObject({ code: 'unavailable' });
});

test('a change that never ends is given up', async () => {
  arm.pollsUntilDone = Number.POSITIVE_INFINITY;
  const hurried = armWebhookDirectory({
    credential: { getToken: () => Promise.resolve({ token: 'identity', expiresOnTimestamp: 0 }) },
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    endpoint: arm.origin,
    pollIntervalMs: 5,
    changeTimeoutMs: 200,
  });
  const error = await failure(hurried.put(registry, wanted));
  expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('timeout') });
  expect(arm.requests('PUT', '/webhooks/replicationeastus')).toHaveLength(1);
});

test('a short outage during a change is not noticed', async () => {
  arm.pollsUntilDone = 2;
  let left = 1;
  arm.misbehave = ({ path }) => (path.startsWith('/operations') && left-- > 0 ? { status: 503 } : undefined);
  await directory.put(registry, wanted);
  expect(arm.webhooks.has('replicationeastus')).toBe(true);
});

test('a running operation outside ARM is not asked about', async () => {
  const elsewhere = await startArmStandIn();
  const address = elsewhere.origin.replace('127.0.0.1', 'localhost');
  arm.misbehave = ({ method }) =>
    method === 'PUT' ? { status: 201, headers: { 'azure-asyncoperation': `${address}/op` }, body: {} } : undefined;
  expect(await failure(directory.put(registry, wanted))).toMatchObject({ code: 'unavailable' });
  expect(elsewhere.seen).toEqual([]);
  await elsewhere.stop();
});

test('a ping answers with the id that will be delivered', async () => {
  addWebhook('one');
  expect(await directory.ping(registry, 'one')).toBe('ping-of-one');
});

test('a ping without an id is an error', async () => {
  arm.misbehave = () => ({ status: 200, body: {} });
  expect(await failure(directory.ping(registry, 'one'))).toMatchObject({ code: 'unavailable' });
});

const pushed = {
  id: 'push-1',
  timestamp: '2026-06-01T12:22:07.095881312Z',
  action: 'push',
  target: { digest: 'sha256:x', repository: 'team/app', somethingNew: { kept: true } },
};
function logged(id: string, request: unknown, response: unknown) {
  return { id, eventRequestMessage: request, eventResponseMessage: response };
}

test('the log of deliveries, with bodies as they were sent and statuses as numbers', async () => {
  addWebhook('one');
  arm.events.set('one', [
    logged('1', { content: pushed, headers: { Authorization: '******' } }, { statusCode: '403', content: 'no' }),
    logged('2', { content: JSON.stringify(pushed) }, { statusCode: '200' }),
    logged('3', { content: 'not json' }, { statusCode: 504 }),
    logged('4', {}, undefined),
    logged('5', undefined, { statusCode: 'GatewayTimeout' }),
    logged('6', { content: null }, { statusCode: '' }),
    { eventRequestMessage: { content: pushed } },
  ]);
  expect(await directory.deliveries(registry, 'one')).toEqual([
    { id: '1', body: pushed, status: 403 },
    { id: '2', body: pushed, status: 200 },
    { id: '3', body: undefined, status: 504 },
    { id: '4', body: undefined, status: undefined },
    { id: '5', body: undefined, status: undefined },
    { id: '6', body: undefined, status: undefined },
  ]);
  expect(arm.seen.map(({ method }) => method)).toEqual(['POST']);
});

test('one entry that is rubbish does not cost the others', async () => {
  addWebhook('one');
  arm.events.set('one', [null, logged('1', { content: pushed }, { statusCode: '500' }), 'text', 7]);
  expect(await directory.deliveries(registry, 'one')).toEqual([{ id: '1', body: pushed, status: 500 }]);
});

test.each([{}, { value: 'text' }, null, []])('a log that is %j is an error', async (body) => {
  arm.misbehave = () => ({ status: 200, body });
  expect(await failure(directory.deliveries(registry, 'one'))).toMatchObject({ code: 'unavailable' });
});

const calls: [string, string, () => Promise<unknown>][] = [
  ['list', 'webhooks/read', () => directory.list(registry)],
  ['serviceUri', 'getCallbackConfig', () => directory.serviceUri(registry, 'one')],
  ['put', 'webhooks/write', () => directory.put(registry, wanted)],
  ['ping', 'ping', () => directory.ping(registry, 'one')],
  ['deliveries', 'listEvents', () => directory.deliveries(registry, 'one')],
];
const answers: [ArmAnswer, string][] = [
  [{ status: 401 }, 'unauthorized'],
  [{ status: 403, body: { error: { code: 'AuthorizationFailed' } } }, 'unauthorized'],
  [{ status: 429, headers: { 'retry-after': '5' } }, 'throttled'],
  [{ status: 400, body: { error: { code: 'InvalidRequest' } } }, 'invalid'],
  [{ status: 500 }, 'unavailable'],
];
test.each(calls.flatMap((call) => answers.map((answer) => [...call, ...answer] as const)))(
  '%s: %s and %s for %j',
  async (_name, right, call, answer, code) => {
    arm.misbehave = () => answer;
    const error = await failure(call());
    expect(error.code).toBe(code);
    if (code === 'unauthorized') expect(error.hint).toContain(right);
    if (code === 'throttled') expect(error.retryAfterMs).toBe(5_000);
  },
);

test.each(calls.filter(([name]) => name !== 'list' && name !== 'put'))(
  '%s of a webhook that is not there is rejected',
  async (_name, _right, call) => {
    expect(await failure(call())).toMatchObject({ code: 'invalid' });
  },
);

test.each([403, 409, 500])('a webhook that cannot be read (%i) is neither made nor changed', async (status) => {
  addWebhook('replicationeastus');
  arm.misbehave = ({ method }) => (method === 'GET' ? { status } : undefined);
  await failure(directory.put(registry, wanted));
  expect(arm.seen.filter(({ method }) => method !== 'GET')).toEqual([]);
});
