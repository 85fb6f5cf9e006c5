/** How ARM's answers are read as replicas, and which answers are refused. */
import { spawnSync } from 'node:child_process';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ArmOptions } from '../../src/adapters/arm/client.ts';
import { armReplicaDirectory } from '../../src/adapters/arm/replica-directory.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { ArmAnswer, ArmStandIn } from '../support/arm-stand-in.ts';
import { replication, resourceId, startArmStandIn } from '../support/arm-stand-in.ts';

const registry: Registry = {
  name: 'contoso',
  loginServer: 'contoso.azurecr.io',
  resourceId,
  regions: undefined,
  observedOnly: [],
  regionalEndpoints: false,
  verify: 'missing',
};
const now = Date.parse('2026-06-01T12:00:00Z');
const secretToken = 'identity-token-nobody-may-see';

let arm: ArmStandIn;
let pauses: number[];

beforeEach(async () => {
  arm = await startArmStandIn();
  pauses = [];
});
afterEach(() => arm.stop());

function options(more: Partial<ArmOptions> = {}): ArmOptions {
  return {
    credential: { getToken: () => Promise.resolve({ token: secretToken, expiresOnTimestamp: now + 3_600_000 }) },
    clock: { now: () => now, sleep: (pause) => Promise.resolve(void pauses.push(pause)) },
    endpoint: arm.origin,
    ...more,
  };
}

const list = (of = registry, more: Partial<ArmOptions> = {}) => armReplicaDirectory(options(more)).list(of);
const replicas = async () => (await list()).replicas;
const find = (name: string) => armReplicaDirectory(options()).find(registry, name);

async function failure(more: Partial<ArmOptions> = {}, of = registry): Promise<UpstreamError> {
  const error: unknown = await list(of, more).catch((caught: unknown) => caught);
  if (!(error instanceof UpstreamError)) throw new Error(`expected a UpstreamError, got ${inspect(error)}`);
  const shown = `${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify(error)}`;
  for (const secret of [secretToken, arm.origin, 'subscriptions']) expect(shown).not.toContain(secret);
  return error;
}

test('every replica of the list, on whatever page, with the name to ask for it by', async () => {
  arm.replications = ['West Europe', 'eastus', 'SoutheastAsia', 'japaneast', 'uksouth'].map((one) => replication(one));
  const found = await replicas();
  expect(found.map(({ region }) => region)).toEqual(['westeurope', 'eastus', 'southeastasia', 'japaneast', 'uksouth']);
  expect(found[1]).toEqual({
    region: 'eastus',
    name: 'replica-eastus',
    expected: true,
    provisioningState: 'Succeeded',
    health: 'healthy',
    status: { displayStatus: 'Ready', message: null, timestamp: null },
    globalRouting: true,
    seeding: false,
  });
});

const expectedStates: [string, boolean][] = [
  ['Succeeded', false],
  ['Updating', false],
  ['Failed', false],
  ['Canceled', false],
  ['Deleting', false],
  ['Creating', true],
  ['SomethingNew', false],
];
test.each(expectedStates)('a replica that is %s is waited for (seeding: %s)', async (state, seeding) => {
  arm.replications = [replication('eastus', { provisioningState: state })];
  expect(await replicas()).toMatchObject([{ expected: true, provisioningState: state, seeding, health: 'healthy' }]);
});

const displays: [string, 'healthy' | 'unhealthy' | 'unknown', boolean][] = [
  ['Ready', 'healthy', false],
  ['READY', 'healthy', false],
  ['online', 'healthy', false],
  ['Syncing', 'unknown', true],
  ['Provisioning', 'unknown', false],
  ['Degraded', 'unhealthy', false],
  ['offline', 'unhealthy', false],
  ['', 'unknown', false],
];
test.each(displays)('the display status %j is %s (seeding: %s)', async (displayStatus, health, seeding) => {
  arm.replications = [replication('eastus', { status: { displayStatus } })];
  expect(await replicas()).toMatchObject([{ health, seeding, expected: true }]);
});

const said = { displayStatus: 'Degraded', message: 'Storage is away', timestamp: '2026-06-01T11:58:00.1234567Z' };
const statuses: [string, unknown, object | null][] = [
  ['all of it', said, { ...said, timestamp: '2026-06-01T11:58:00.123Z' }],
  ['a word alone', { displayStatus: 'Ready' }, { displayStatus: 'Ready', message: null, timestamp: null }],
  ['a message alone', { message: 'Hm' }, { displayStatus: null, message: 'Hm', timestamp: null }],
  ['too much', { ...said, message: 'x'.repeat(9_000) }, { message: 'x'.repeat(500) }],
  ['rubbish', { displayStatus: 7, message: {}, timestamp: 'soon' }, null],
  ['a time alone', { timestamp: said.timestamp }, null],
  ['nothing', undefined, null],
];
test.each(statuses)('what ARM says of a replica is handed on: %s', async (_name, status, expected) => {
  arm.replications = [replication('eastus', { status })];
  const [found] = await replicas();
  if (expected === null) expect(found?.status).toBeNull();
  else expect(found?.status).toMatchObject(expected);
});

test('a replica that is not routed to is waited for like any other', async () => {
  arm.replications = [replication('eastus', { regionEndpointEnabled: false }), replication('westeurope')];
  expect(await replicas()).toMatchObject([
    { globalRouting: false, expected: true },
    { globalRouting: true, expected: true },
  ]);
});

test('one replica is asked for by its name, and what ARM says of it may differ from the list', async () => {
  arm.replications = [{ name: 'two', location: 'westeurope', properties: {} }, replication('eastus')];
  const state = { provisioningState: 'Creating', regionEndpointEnabled: false, status: { displayStatus: 'Syncing' } };
  arm.replicationStates.set('two', { name: 'two', location: 'West Europe', properties: state });
  expect(await find('two')).toEqual({
    region: 'westeurope',
    name: 'two',
    expected: true,
    provisioningState: 'Creating',
    health: 'unknown',
    status: { displayStatus: 'Syncing', message: null, timestamp: null },
    globalRouting: false,
    seeding: true,
  });
  expect(arm.requests('GET', '/replications/two')).toHaveLength(1);
});

test('one that ARM does not know is no error', async () => {
  expect(await find('two')).toBeUndefined();
});

test.each([
  [{ status: 403 }, 'unauthorized'],
  [{ status: 429 }, 'throttled'],
  [{ status: 503 }, 'unavailable'],
  [{ status: 200, body: { name: 'two', properties: {} } }, 'unavailable'],
  [{ status: 200, text: '<html>' }, 'unavailable'],
] as const)('one of which ARM answers %j may be there all the same', async (answer, code) => {
  arm.misbehave = () => answer;
  await expect(find('two')).rejects.toMatchObject({ code });
});

const elsewhere: [string, string, ArmAnswer][] = [
  ['a page', 'unavailable', { status: 404, text: '<html><h1>404 Not Found</h1></html>' }],
  ['nothing', 'unavailable', { status: 404 }],
  ['JSON of somebody else', 'unavailable', { status: 404, body: { message: 'no route' } }],
  ...['ResourceGroupNotFound', 'SubscriptionNotFound', 'ParentResourceNotFound', 'InvalidResourceType'].map(
    (code): [string, string, ArmAnswer] => [code, 'invalid', { status: 404, body: { error: { code } } }],
  ),
];
test.each(elsewhere)(
  'a 404 that does not say that the replica is gone is an error: %s',
  async (_name, code, answer) => {
    arm.misbehave = ({ path }) => (path === '/replications/two' ? answer : undefined);
    await expect(find('two')).rejects.toMatchObject({ code });
  },
);

test('a replica without any state is waited for', async () => {
  arm.replications = [{ name: 'two', location: 'westeurope' }];
  expect(await replicas()).toEqual([
    {
      region: 'westeurope',
      name: 'two',
      expected: true,
      provisioningState: null,
      health: 'unknown',
      status: null,
      globalRouting: true,
      seeding: false,
    },
  ]);
});

test('what the list repeats is handed on: which of them counts is decided elsewhere', async () => {
  const leaving = { ...replication('eastus', { provisioningState: 'Deleting' }), name: 'old' };
  arm.replications = [leaving, replication('eastus'), leaving];
  expect((await replicas()).map(({ name }) => name)).toEqual(['old', 'replica-eastus', 'old']);
});

test.each([[[]], [[replication('westeurope')]]])(
  'the home region is reported, whatever is listed: %j',
  async (listed) => {
    arm.registry = { ...arm.registry, location: 'West US' };
    arm.replications = listed;
    const { home } = await list();
    expect(home).toMatchObject({ region: 'westus', expected: true, provisioningState: null, seeding: false });
    expect(home).not.toHaveProperty('name');
  },
);

test('a list is no answer where the registry itself does not answer', async () => {
  arm.replications = [replication('eastus')];
  arm.misbehave = ({ path }) => (path === '' ? { status: 503 } : undefined);
  expect(await failure()).toMatchObject({ code: 'unavailable' });
});

const rubbish: [string, ArmAnswer][] = [
  ['no JSON', { status: 200, text: '<html>' }],
  ['nothing', { status: 200 }],
  ['null', { status: 200, text: 'null' }],
  ['a list without value', { status: 200, body: {} }],
  ['a value that is no list', { status: 200, body: { value: { eastus: {} } } }],
  ['a value that is text', { status: 200, body: { value: 'eastus' } }],
  ['an entry that is null', { status: 200, body: { value: [null] } }],
  ['an entry that is text', { status: 200, body: { value: ['eastus'] } }],
  ['an entry without location', { status: 200, body: { value: [{ name: 'x', properties: {} }] } }],
  ['a location that is none', { status: 200, body: { value: [{ name: 'x', location: '???', properties: {} }] } }],
  ['a location that is a number', { status: 200, body: { value: [{ name: 'x', location: 7 }] } }],
  ['an entry without name', { status: 200, body: { value: [{ location: 'eastus', properties: {} }] } }],
  ['too many', { status: 200, body: { value: Array.from({ length: 201 }, () => replication('eastus')) } }],
  ['a next page elsewhere', { status: 200, body: { value: [], nextLink: 'http://localhost:1/more' } }],
];
test.each(rubbish)('an answer that is %s is an error, not a set', async (_name, answer) => {
  arm.misbehave = ({ path }) => (path === '/replications' ? answer : undefined);
  expect(await failure()).toMatchObject({ code: 'unavailable', temporary: true });
});

test('regions that are only observed are nobody to wait for', async () => {
  arm.replications = [replication('eastus')];
  const observed = { ...registry, observedOnly: ['eastus' as Region] };
  expect(await failure({}, observed)).toMatchObject({ code: 'unavailable' });
});

test('a list without an end is given up', async () => {
  const endless = { value: [replication('eastus')], nextLink: `${arm.origin}${resourceId}/replications?skip=1` };
  arm.misbehave = () => ({ status: 200, body: endless });
  expect(await failure()).toMatchObject({ code: 'unavailable' });
  expect(arm.seen.length).toBeLessThan(250);
});

test.each([401, 403])('%i is refused, and says which role is missing', async (status) => {
  arm.misbehave = () => ({ status, body: { error: { code: 'AuthorizationFailed', message: `${secretToken}` } } });
  const error = await failure();
  expect(error).toMatchObject({ code: 'unauthorized', hint: expect.stringContaining('"Reader"') });
  expect(error.message).toBe(`ARM, the replicas of contoso (${status} AuthorizationFailed)`);
  expect(arm.seen).toHaveLength(1);
});

test('404 is rejected, and says what to check', async () => {
  arm.misbehave = () => ({ status: 404, body: { error: { code: 'ResourceNotFound' } } });
  expect(await failure()).toMatchObject({ code: 'invalid', hint: expect.stringContaining('resourceId') });
  expect(arm.seen).toHaveLength(1);
});

const retryAfter: [string | undefined, number | undefined][] = [
  ['17', 17_000],
  ['Mon, 01 Jun 2026 12:00:30 GMT', 30_000],
  ['later', undefined],
  [undefined, undefined],
];
test.each(retryAfter)('429 with Retry-After %s is throttled, and not tried again', async (header, retryAfterMs) => {
  arm.misbehave = () => ({ status: 429, headers: header === undefined ? {} : { 'retry-after': header } });
  const error = await failure();
  expect(error.code).toBe('throttled');
  expect(error.retryAfterMs).toBe(retryAfterMs);
  expect(arm.seen).toHaveLength(1);
  expect(pauses).toEqual([]);
});

test.each([500, 502, 503, 409])('%i is unavailable after three tries', async (status) => {
  arm.misbehave = () => ({ status, headers: { 'retry-after': '30' } });
  expect(await failure()).toMatchObject({ code: 'unavailable', retryAfterMs: 30_000 });
  expect(arm.seen).toHaveLength(3);
  expect(pauses).toEqual([200, 800]);
});

test('a short outage is not noticed', async () => {
  arm.replications = [replication('eastus')];
  let left = 2;
  arm.misbehave = () => (left-- > 0 ? 'hangUp' : undefined);
  expect(await replicas()).toHaveLength(1);
});

test('ARM that does not answer in time is unavailable', async () => {
  arm.misbehave = () => 'silence';
  const started = performance.now();
  expect(await failure({ timeoutMs: 150 })).toMatchObject({
    code: 'unavailable',
    message: 'ARM, the replicas of contoso: timeout',
  });
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(arm.seen).toHaveLength(1);
});

test('ARM that cannot be reached is unavailable', async () => {
  const { origin: endpoint } = arm;
  await arm.stop();
  expect(await failure({ endpoint })).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
  arm = await startArmStandIn();
});

test('an identity that cannot be had is refused, before anything is sent', async () => {
  const error = Object.assign(new Error(secretToken), { name: 'CredentialUnavailableError' });
  const credential = { getToken: () => Promise.reject(error) };
  expect(await failure({ credential, endpoint: 'https://127.0.0.1:1' })).toMatchObject({
    code: 'unauthorized',
    message: 'ARM, the replicas of contoso: no identity token',
  });
});

test('the identity is never sent in the clear: not on loopback, and nothing at all elsewhere', async () => {
  arm.replications = [replication('eastus')];
  await replicas();
  expect(arm.seen[0]?.headers.authorization).toBeUndefined();
  let connections = 0;
  const getToken = () => {
    connections++;
    return Promise.resolve({ token: secretToken, expiresOnTimestamp: now });
  };
  expect(await failure({ endpoint: 'http://arm.example', credential: { getToken } })).toMatchObject({
    code: 'unavailable',
  });
  expect(connections).toBe(0);
});

test('a registry without a resource id is rejected', async () => {
  expect(await failure({}, { ...registry, resourceId: undefined })).toMatchObject({ code: 'invalid' });
  expect(arm.seen).toEqual([]);
});

test('the SDK is loaded when ARM is first asked, not before', () => {
  const script = `
    import { registerHooks } from 'node:module';
    const seen = [];
    registerHooks({ resolve(specifier, context, next) { seen.push(specifier); return next(specifier, context); } });
    const { armReplicaDirectory } = await import('./src/adapters/arm/replica-directory.ts');
    const { armWebhookDirectory } = await import('./src/adapters/arm/webhook-directory.ts');
    armReplicaDirectory({}); armWebhookDirectory({});
    console.log(JSON.stringify(seen.filter((one) => one.startsWith('@azure'))));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stdout.trim(), stderr).toBe('[]');
});

test('a pause of years is one of an hour', async () => {
  arm.misbehave = () => ({ status: 429, headers: { 'retry-after': '999999999' } });
  expect(await failure()).toMatchObject({ code: 'throttled', retryAfterMs: 3_600_000 });
});

test.each(['https://elsewhere.example/?token=a', 'a code, and much more', 'x'.repeat(61)])(
  'a code that is no word is not quoted: %s',
  async (code) => {
    arm.misbehave = () => ({ status: 403, body: { error: { code } } });
    expect((await failure()).message).toBe('ARM, the replicas of contoso (403)');
  },
);
